package onnx

import (
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target/onnx/faults"
	"slipway/conversion/tensor"
)

// inFloat has layers of a quantized model computed in floats that ONNX Runtime gets
// wrong in integers, and those that have weights in floats, which it would round to
// integers of one step. Before the QuantizeLinear behind such a layer stands a Max of
// one value: it changes nothing, and the runtime neither removes it nor looks through.
// A finding for each reason names the layers.
func inFloat(g *ir.Graph, reg *op.Registry) (diag.List, error) {
	if !slices.ContainsFunc(g.Nodes, quantizesData) {
		return nil, nil
	}
	p := g.Edit("onnx", reg.Infer)
	var found diag.List
	by := map[string]*diag.Finding{}
	for _, n := range slices.Clone(g.Nodes) {
		in, known := stepBefore(n.In(0))
		if !known {
			continue
		}
		why, apart := "", false
		behind := quantizers(n.Out(0))
		switch n.Op {
		case "Conv", "ConvTranspose", "Gemm":
			var err error
			if why, err = biasFault(p, reg, n, in); err != nil {
				return nil, err
			}
			apart = n.In(1).IsConst()
		case "AveragePool", "Softmax", "GlobalAveragePool":
			if n.Op == "AveragePool" && unpadded(n) {
				p.SetAttr(n, "count_include_pad", nil) // of no padding: the same, and right in integers
			}
			for _, q := range behind {
				if step, ok := q.In(1).ConstScalar(); ok && why == "" {
					why = faults.Integers(n, in, step)
				}
			}
			apart = why != ""
		}
		for _, q := range behind {
			if apart {
				p.SetInput(q, 0, p.Add("Max", nil, []*ir.Value{q.In(0)}, q))
			}
		}
		if why == "" {
			continue
		}
		f := by[why]
		if f == nil {
			f = diag.Infof("onnx.float-layer", "quantized layers are computed in floats: %s", why)
			by[why], found = f, append(found, f)
		}
		f.Layers = append(f.Layers, n.Origin...)
	}
	return found, p.Done()
}

// biasFault turns the weights of a layer into floats whose biases the runtime gets
// wrong, and says why. Biases of a Gemm in other steps than it expects become floats,
// which it rounds itself.
func biasFault(p *ir.Patch, reg *op.Registry, n *ir.Node, in float64) (string, error) {
	w, bias := n.In(1).Node(), n.In(2)
	if w == nil || bias == nil || !quantizesConstant(w) || w.In(0).DType.Bits() > 8 {
		return "", nil
	}
	steps := w.In(1).Const.Float32s()
	if b := bias.Node(); n.Op == "Gemm" && b != nil && quantizesConstant(b) && b.In(0).DType == tensor.Int32 && otherSteps(b, in, steps) {
		floats, err := dequantize(reg, b)
		if err != nil {
			return "", err
		}
		bias = p.Const(bias.Name+"_float", floats)
		p.SetInput(n, 2, bias)
		p.AddOrigin(n, b)
	}
	if !bias.IsConst() {
		return "", nil
	}
	why := faults.Bias(bias.Const.Float32s(), in, steps)
	if why == "" {
		return "", nil
	}
	floats, err := dequantize(reg, w)
	if err != nil {
		return "", err
	}
	p.SetInput(n, 1, p.Const(n.In(1).Name+"_float", floats))
	p.AddOrigin(n, w)
	return why, nil
}

// otherSteps reports whether the integers that b dequantizes are not biases for an
// input with steps of in and weights with the given steps.
func otherSteps(b *ir.Node, in float64, weights []float32) bool {
	if z := b.In(2); z != nil && slices.ContainsFunc(z.Const.Float64s(), func(z float64) bool { return z != 0 }) {
		return true
	}
	steps := b.In(1).Const.Float32s()
	for i := range max(len(steps), len(weights)) {
		want := in * float64(weights[i%len(weights)])
		if math.Abs(float64(steps[i%len(steps)])-want) > 1e-4*want {
			return true
		}
	}
	return false
}

func dequantize(reg *op.Registry, n *ir.Node) (*tensor.Tensor, error) {
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v != nil {
			in[i] = v.Const
		}
	}
	out, err := reg.EvalNode(n, in)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// quantizesData reports whether n makes floats of 8-bit integers that are no constant.
func quantizesData(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" && !n.In(0).IsConst() && n.In(0).DType.Bits() <= 8
}

// quantizesConstant reports whether n makes floats of constant integers.
func quantizesConstant(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" && !slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return v != nil && !v.IsConst() })
}

func unpadded(n *ir.Node) bool {
	auto := n.Str("auto_pad", "NOTSET")
	return auto == "VALID" || auto == "NOTSET" && !slices.ContainsFunc(n.Ints("pads"), func(p int64) bool { return p != 0 })
}

// passedThrough lists the operators that the runtime moves DequantizeLinear and
// QuantizeLinear past, or removes.
var passedThrough = map[string]bool{
	"Identity": true, "Dropout": true, "Cast": true, "Reshape": true, "Transpose": true, "Squeeze": true, "Unsqueeze": true, "Slice": true, "MaxPool": true,
}

// stepBefore is the step of the integers that v stands for.
func stepBefore(v *ir.Value) (float64, bool) {
	for v != nil && v.Node() != nil {
		n := v.Node()
		if quantizesData(n) {
			return n.In(1).ConstScalar()
		}
		if !passedThrough[n.Op] {
			break
		}
		v = n.In(0)
	}
	return 0, false
}

// quantizers are the nodes that make 8-bit integers of v.
func quantizers(v *ir.Value) []*ir.Node {
	var out []*ir.Node
	for _, u := range v.Uses() {
		switch n := u.Node; {
		case u.Index != 0:
		case n.Op == "QuantizeLinear" && n.Out(0).DType.Bits() <= 8:
			out = append(out, n)
		case passedThrough[n.Op], n.Op == "Relu", n.Op == "Clip": // ranges of integers do what these do
			out = append(out, quantizers(n.Out(0))...)
		}
	}
	return out
}
