package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var activationReaders = map[string]func(*reader){
	"relu": one("Relu"), "sigmoid": one("Sigmoid"), "tanh": one("Tanh"), "softplus": one("Softplus"), "softsign": one("Softsign"),
	"relu6": func(r *reader) { x := r.v("x"); r.final("Clip", nil, x, r.scalar(x, 0), r.scalar(x, 6)) },
	"clip": func(r *reader) {
		x := r.v("x")
		r.final("Clip", nil, x, r.scalar(x, r.real("alpha", 0)), r.scalar(x, r.real("beta", 1)))
	},
	"leaky_relu": func(r *reader) { r.final("LeakyRelu", ir.Attrs{"alpha": r.real("alpha", 0.01)}, r.v("x")) },
	"elu":        func(r *reader) { r.final("Elu", ir.Attrs{"alpha": r.real("alpha", 1)}, r.v("x")) },
	"silu":       func(r *reader) { x := r.v("x"); r.final("Mul", nil, x, r.node("Sigmoid", nil, x)) },
	"sigmoid_hard": func(r *reader) {
		r.final("HardSigmoid", ir.Attrs{"alpha": r.real("alpha", 0.2), "beta": r.real("beta", 0.5)}, r.v("x"))
	},
	"softmax": func(r *reader) { r.final("Softmax", ir.Attrs{"axis": r.int("axis", -1)}, r.v("x")) },
	"prelu":   readPRelu,
	"gelu":    readGelu,
}

func readPRelu(r *reader) {
	x, alpha := r.v("x"), r.c("alpha")
	if alpha == nil || x.Rank() < 3 {
		r.fail("needs alpha and an input of rank 3 or more")
		return
	}
	shape := make([]int, x.Rank()-1)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = alpha.Len()
	slope, err := alpha.Reshape(shape...)
	if err != nil {
		r.fail("%w", err)
		return
	}
	r.final("PRelu", nil, x, r.g.AddConst("alpha", slope))
}

func readGelu(r *reader) {
	switch mode := r.str("mode", "EXACT"); mode {
	case "EXACT":
		r.final("Gelu", ir.Attrs{"approximate": "none"}, r.v("x"))
	case "TANH_APPROXIMATION":
		r.final("Gelu", ir.Attrs{"approximate": "tanh"}, r.v("x"))
	default:
		r.fail("mode %q is not read", mode)
	}
}

var convReaders = map[string]func(*reader){
	"conv":           func(r *reader) { r.conv("Conv") },
	"conv_transpose": func(r *reader) { r.conv("ConvTranspose") },
	"max_pool":       func(r *reader) { r.pool("MaxPool", nil) },
	"avg_pool": func(r *reader) {
		include := int64(1)
		if r.flag("exclude_padding_from_average", false) {
			include = 0
		}
		r.pool("AveragePool", ir.Attrs{"count_include_pad": include})
	},
	"scaled_dot_product_attention": readAttention,

	"linear": readLinear,
	"matmul": readMatMul,
}

// padding reads pad_type and pad, whose begins and ends alternate here.
func (r *reader) padding(a ir.Attrs) {
	pad := r.ints("pad")
	switch t := r.str("pad_type", "valid"); t {
	case "custom":
		n := len(pad) / 2
		out := make([]int64, 2*n)
		for i := range n {
			out[i], out[i+n] = pad[2*i], pad[2*i+1]
		}
		a["pads"] = out
	case "valid":
		a["auto_pad"] = "VALID"
	case "same":
		a["auto_pad"] = "SAME_UPPER"
	case "same_lower":
		a["auto_pad"] = "SAME_LOWER"
	default:
		r.fail("pad_type %q is not read", t)
	}
}

// set keeps a list attribute where it is given.
func (r *reader) set(a ir.Attrs, attr, arg string) {
	if v := r.ints(arg); v != nil {
		a[attr] = v
	}
}

func (r *reader) conv(name string) {
	a := ir.Attrs{"group": r.int("groups", 1)}
	r.padding(a)
	r.set(a, "strides", "strides")
	r.set(a, "dilations", "dilations")
	inputs := []*ir.Value{r.v("x"), r.v("weight")}
	if r.has("bias") {
		inputs = append(inputs, r.v("bias"))
	}
	r.final(name, a, inputs...)
}

func (r *reader) pool(name string, a ir.Attrs) {
	if a == nil {
		a = ir.Attrs{}
	}
	r.padding(a)
	r.set(a, "kernel_shape", "kernel_sizes")
	r.set(a, "strides", "strides")
	if r.flag("ceil_mode", false) {
		a["ceil_mode"] = int64(1)
	}
	r.final(name, a, r.v("x"))
}

// readAttention: the scores are divided by the root of the size of a query.
func readAttention(r *reader) {
	inputs := []*ir.Value{r.v("query"), r.v("key"), r.v("value")}
	for i, v := range inputs {
		if v.Rank() != 4 {
			r.fail("of rank %d is not read", inputs[i].Rank())
			return
		}
	}
	if r.has("attn_mask") {
		inputs = append(inputs, r.v("attn_mask"))
	}
	r.final("Attention", nil, inputs...)
}

// readLinear: x·weightᵀ + bias.
func readLinear(r *reader) {
	x, w := r.v("x"), r.v("weight")
	if x.Rank() == 2 {
		inputs := []*ir.Value{x, w}
		if r.has("bias") {
			inputs = append(inputs, r.v("bias"))
		}
		r.final("Gemm", ir.Attrs{"transB": int64(1)}, inputs...)
		return
	}
	w = r.node("Transpose", ir.Attrs{"perm": []int64{1, 0}}, w)
	if r.has("bias") {
		r.final("Add", nil, r.node("MatMul", nil, x, w), r.v("bias"))
		return
	}
	r.final("MatMul", nil, x, w)
}

func readMatMul(r *reader) {
	turned := func(v *ir.Value, turn bool) *ir.Value {
		k := v.Rank()
		if !turn || k < 2 {
			return v
		}
		perm := make([]int64, k)
		for i := range perm {
			perm[i] = int64(i)
		}
		perm[k-1], perm[k-2] = perm[k-2], perm[k-1]
		return r.node("Transpose", ir.Attrs{"perm": perm}, v)
	}
	r.final("MatMul", nil, turned(r.v("x"), r.flag("transpose_x", false)), turned(r.v("y"), r.flag("transpose_y", false)))
}

var normReaders = map[string]func(*reader){
	"batch_norm": func(r *reader) {
		x, mean, variance := r.v("x"), r.v("mean"), r.v("variance")
		r.final("BatchNormalization", ir.Attrs{"epsilon": r.real("epsilon", 1e-5)}, x, r.orFill("gamma", mean, 1), r.orFill("beta", mean, 0), mean, variance)
	},
	"instance_norm": func(r *reader) {
		x := r.v("x")
		if !r.has("gamma") || !r.has("beta") {
			r.fail("without gamma and beta is not read")
			return
		}
		r.final("InstanceNormalization", ir.Attrs{"epsilon": r.real("epsilon", 1e-5)}, x, r.v("gamma"), r.v("beta"))
	},
	"layer_norm": readLayerNorm,
	"local_response_norm": func(r *reader) {
		r.final("LRN", ir.Attrs{"size": r.int("size", 1), "alpha": r.real("alpha", 1e-4), "beta": r.real("beta", 0.75), "bias": r.real("k", 1)}, r.v("x"))
	},
}

// orFill is an argument or, where it is omitted, a constant like another one.
func (r *reader) orFill(name string, like *ir.Value, x float64) *ir.Value {
	if r.has(name) {
		return r.v(name)
	}
	n, _ := like.Shape[0].Int()
	v := slices.Repeat([]float64{x}, int(n))
	t, err := tensor.FromFloat64s(like.DType, v, int(n))
	if err != nil {
		r.fail("%w", err)
		return like
	}
	return r.g.AddConst(name, t)
}

func readLayerNorm(r *reader) {
	x, axes := r.v("x"), r.ints("axes")
	for i, a := range axes {
		if a < 0 {
			a += int64(x.Rank())
		}
		if a != int64(x.Rank()-len(axes)+i) {
			r.fail("axes %v are not the last ones, which is not read", axes)
			return
		}
	}
	if len(axes) == 0 || !r.has("gamma") {
		r.fail("without axes or gamma is not read")
		return
	}
	inputs := []*ir.Value{x, r.v("gamma")}
	if r.has("beta") {
		inputs = append(inputs, r.v("beta"))
	}
	r.final("LayerNormalization", ir.Attrs{"axis": -int64(len(axes)), "epsilon": r.real("epsilon", 1e-5)}, inputs...)
}
