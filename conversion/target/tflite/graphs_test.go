package tflite

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// build makes small graphs of known shapes with seeded random weights.
type build struct {
	t   testing.TB
	g   *ir.Graph
	reg *op.Registry
	rng *rand.Rand
}

func newBuild(t testing.TB, name string) *build {
	h := fnv.New64()
	h.Write([]byte(name))
	return &build{t, ir.New(name), all.Registry(), rand.New(rand.NewPCG(h.Sum64(), 7))}
}

func (b *build) in(name string, shape ...int) *ir.Value {
	return b.g.AddInput(name, tensor.Float32, ir.Dims(shape...))
}

func (b *build) w(shape ...int) *ir.Value {
	t := tensor.New(tensor.Float32, shape...)
	v := make([]float64, t.Len())
	for i := range v {
		v[i] = b.rng.NormFloat64() * 0.5
	}
	t, err := tensor.FromFloat64s(tensor.Float32, v, shape...)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.g.AddConst("w", t)
}

func (b *build) ints(v ...int64) *ir.Value { return b.g.AddConst("ints", tensor.Of(v, len(v))) }

func (b *build) scalar(v float32) *ir.Value { return b.g.AddConst("s", tensor.Scalar(v)) }

func (b *build) ops(n int, name string, attrs ir.Attrs, in ...*ir.Value) []*ir.Value {
	b.t.Helper()
	var outs []string
	for range n {
		outs = append(outs, strings.ToLower(name))
	}
	node := b.g.AddNode(name, name, attrs, in, outs...)
	node.Origin = []string{node.Name}
	if err := b.reg.Infer(node); err != nil {
		b.t.Fatalf("%s: %s: %v", b.g.Name, name, err)
	}
	return node.Outputs
}

func (b *build) op(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	b.t.Helper()
	return b.ops(1, name, attrs, in...)[0]
}

// conv is a 3x3 convolution to the given number of channels.
func (b *build) conv(x *ir.Value, channels int) *ir.Value {
	c, _ := x.Shape[1].Int()
	return b.op("Conv", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, x, b.w(channels, int(c), 3, 3), b.w(channels))
}

type graphCase struct {
	name       string
	transposes int // -1: any
	build      func(b *build) []*ir.Value
}

func one(v *ir.Value) []*ir.Value { return []*ir.Value{v} }

func ints(v ...int64) []int64 { return v }

var graphCases = []graphCase{
	{"conv strided pads", 2, func(b *build) []*ir.Value {
		x := b.in("x", 1, 3, 16, 16)
		y := b.op("Conv", ir.Attrs{"pads": ints(1, 1, 1, 1), "strides": ints(2, 2)}, x, b.w(8, 3, 3, 3))
		return one(b.op("Relu", nil, y))
	}},
	{"residual", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 4, 9, 7), 8)
		y := b.conv(b.op("Relu", nil, x), 8)
		return one(b.op("Add", nil, b.op("Mul", nil, b.op("Add", nil, x, y), b.w(8, 1, 1)), b.w(7)))
	}},
	{"flatten gemm", 1, func(b *build) []*ir.Value {
		x := b.op("Relu", nil, b.conv(b.in("x", 2, 3, 5, 4), 6))
		f := b.op("Relu", nil, b.op("Flatten", ir.Attrs{"axis": int64(1)}, x))
		return one(b.op("Gemm", ir.Attrs{"transB": int64(1)}, f, b.w(10, 120), b.w(10)))
	}},
	{"reshape matmul", 1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 5, 4), 6)
		return one(b.op("Add", nil, b.op("MatMul", nil, b.op("Reshape", nil, x, b.ints(1, 120)), b.w(120, 7)), b.w(7)))
	}},
	{"flatten kept", 2, func(b *build) []*ir.Value {
		return one(b.op("Flatten", ir.Attrs{"axis": int64(1)}, b.conv(b.in("x", 2, 3, 5, 4), 6)))
	}},
	{"channel shuffle", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 5, 4), 8)
		s := b.op("Transpose", ir.Attrs{"perm": ints(0, 2, 1, 3, 4)}, b.op("Reshape", nil, x, b.ints(1, 2, 4, 5, 4)))
		return one(b.conv(b.op("Reshape", nil, s, b.ints(1, 8, 5, 4)), 3))
	}},
	{"patches", 1, func(b *build) []*ir.Value {
		x := b.op("Conv", ir.Attrs{"strides": ints(4, 4)}, b.in("x", 1, 3, 16, 16), b.w(12, 3, 4, 4))
		x = b.op("Transpose", ir.Attrs{"perm": ints(0, 2, 1)}, b.op("Reshape", nil, x, b.ints(1, 12, 16)))
		x = b.op("MatMul", nil, b.op("Add", nil, x, b.w(1, 16, 12)), b.w(12, 20))
		return one(b.op("LayerNormalization", ir.Attrs{"axis": int64(-1)}, x, b.w(20), b.w(20)))
	}},
	{"channels-last source", 0, func(b *build) []*ir.Value {
		x := b.op("Transpose", ir.Attrs{"perm": ints(0, 3, 1, 2)}, b.op("Mul", nil, b.in("x", 1, 8, 8, 3), b.scalar(0.5)))
		x = b.op("Transpose", ir.Attrs{"perm": ints(0, 2, 3, 1)}, b.conv(x, 6))
		x = b.op("Relu", nil, b.op("Add", nil, x, b.w(6)))
		return one(b.op("ReduceMean", ir.Attrs{"keepdims": int64(0)}, x, b.ints(1, 2)))
	}},
	{"depthwise", 2, func(b *build) []*ir.Value {
		x := b.in("x", 1, 4, 9, 9)
		y := b.op("Conv", ir.Attrs{"group": int64(4), "pads": ints(2, 2, 2, 2), "dilations": ints(2, 2)}, x, b.w(8, 1, 3, 3), b.w(8))
		return one(b.op("Clip", nil, y, b.scalar(0), b.scalar(6)))
	}},
	{"grouped conv", 2, func(b *build) []*ir.Value {
		return one(b.op("Conv", ir.Attrs{"group": int64(2)}, b.in("x", 1, 6, 7, 7), b.w(4, 3, 3, 3)))
	}},
	{"conv 1d", -1, func(b *build) []*ir.Value {
		x := b.op("Conv", ir.Attrs{"pads": ints(1, 1), "strides": ints(2)}, b.in("x", 2, 3, 17), b.w(5, 3, 3), b.w(5))
		return one(b.op("MaxPool", ir.Attrs{"kernel_shape": ints(2), "strides": ints(2)}, b.op("Relu", nil, x)))
	}},
	{"deconv same", 2, func(b *build) []*ir.Value {
		return one(b.op("ConvTranspose", ir.Attrs{"strides": ints(2, 2), "pads": ints(1, 1, 1, 1)}, b.in("x", 1, 3, 5, 6), b.w(3, 4, 4, 4), b.w(4)))
	}},
	{"deconv crop", 2, func(b *build) []*ir.Value {
		x := b.op("ConvTranspose", ir.Attrs{"strides": ints(2, 2), "pads": ints(1, 1, 1, 1), "output_padding": ints(1, 1)},
			b.in("x", 1, 3, 5, 6), b.w(3, 4, 3, 3), b.w(4))
		return one(b.op("Relu", nil, x))
	}},
	{"deconv valid", 2, func(b *build) []*ir.Value {
		return one(b.op("ConvTranspose", ir.Attrs{"strides": ints(2, 2)}, b.in("x", 1, 3, 5, 6), b.w(3, 4, 2, 2)))
	}},
	{"deconv groups", 2, func(b *build) []*ir.Value {
		return one(b.op("ConvTranspose", ir.Attrs{"strides": ints(2, 2), "group": int64(2)}, b.in("x", 1, 4, 5, 6), b.w(4, 3, 3, 3), b.w(6)))
	}},
	{"max pool padded", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 8), 4)
		a := ir.Attrs{"kernel_shape": ints(3, 3), "strides": ints(2, 2), "pads": ints(1, 1, 1, 1)}
		return one(b.op("Add", nil, b.op("MaxPool", a, x), b.op("MaxPool", a, b.op("Relu", nil, x))))
	}},
	{"average pools", 4, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 8), 4)
		p := func(extra ir.Attrs) *ir.Value {
			a := ir.Attrs{"kernel_shape": ints(3, 3), "strides": ints(2, 2), "pads": ints(1, 1, 1, 1)}
			for k, v := range extra {
				a[k] = v
			}
			return b.op("AveragePool", a, x)
		}
		return []*ir.Value{p(nil), p(ir.Attrs{"count_include_pad": int64(1)}), p(ir.Attrs{"ceil_mode": int64(1)})}
	}},
	{"global pools", 1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 8), 4)
		return []*ir.Value{b.op("GlobalAveragePool", nil, x), b.op("GlobalMaxPool", nil, x)}
	}},
	{"softmax of channels", 2, func(b *build) []*ir.Value {
		return one(b.op("Softmax", ir.Attrs{"axis": int64(1)}, b.conv(b.in("x", 1, 3, 8, 8), 4)))
	}},
	{"softmax of rows", -1, func(b *build) []*ir.Value {
		return one(b.op("LogSoftmax", ir.Attrs{"axis": int64(2)}, b.conv(b.in("x", 1, 3, 8, 8), 4)))
	}},
	{"gate", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 8), 4)
		s := b.op("GlobalAveragePool", nil, x)
		s = b.op("Relu", nil, b.op("Conv", nil, s, b.w(2, 4, 1, 1), b.w(2)))
		s = b.op("HardSigmoid", ir.Attrs{"alpha": 1.0 / 6, "beta": 0.5}, b.op("Conv", nil, s, b.w(4, 2, 1, 1), b.w(4)))
		return one(b.op("Mul", nil, x, s))
	}},
	{"low-rank operand", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 6), 4)
		return one(b.op("PRelu", nil, b.op("Add", nil, x, b.op("Exp", nil, b.in("c", 4, 1, 6))), b.w(4, 1, 1)))
	}},
	{"batch matmul", 0, func(b *build) []*ir.Value {
		q, k := b.in("q", 2, 3, 5, 4), b.in("k", 2, 3, 4, 6)
		return one(b.op("Softmax", ir.Attrs{"axis": int64(-1)}, b.op("Mul", nil, b.op("MatMul", nil, q, k), b.scalar(0.5))))
	}},
	{"matmul vectors", 0, func(b *build) []*ir.Value {
		m, v := b.in("m", 5, 4), b.in("v", 4)
		return []*ir.Value{b.op("MatMul", nil, m, v), b.op("MatMul", nil, v, b.w(4, 3))}
	}},
	{"cut and join", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 6), 8)
		s := b.op("Slice", nil, x, b.ints(1, 7), b.ints(7, 0), b.ints(1, 2), b.ints(2, -2))
		p := b.ops(2, "Split", ir.Attrs{"axis": int64(1)}, x, b.ints(3, 5))
		q := b.op("Slice", nil, p[1], b.ints(0), b.ints(4), b.ints(2))
		y := b.op("Concat", ir.Attrs{"axis": int64(1)}, s, q, b.w(1, 2, 4, 6))
		return one(b.conv(b.op("Pad", nil, y, b.ints(0, 1, 0, 0, 0, 2, 1, 0)), 2))
	}},
	{"every so many", 4, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 9, 8), 8)
		every := func(start, end, axes, steps []int64) *ir.Value {
			return b.op("Slice", nil, x, b.ints(start...), b.ints(end...), b.ints(axes...), b.ints(steps...))
		}
		return []*ir.Value{
			every(ints(1, 1), ints(99, 99), ints(2, 3), ints(2, 2)), // the last row is left out
			every(ints(0), ints(9), ints(2), ints(2)),               // and here it is not complete
			every(ints(2, 1), ints(8, 7), ints(1, 2), ints(3, 2)),
		}
	}},
	{"dense block", 2, func(b *build) []*ir.Value {
		all := []*ir.Value{b.conv(b.in("x", 1, 3, 4, 6), 8)}
		var y *ir.Value
		for range 8 {
			y = b.op("Concat", ir.Attrs{"axis": int64(1)}, all...)
			all = append(all, b.conv(b.op("Relu", nil, y), 4))
		}
		return one(b.conv(b.op("Relu", nil, y), 3))
	}},
	{"many parts", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 12)
		six := b.ops(6, "Split", ir.Attrs{"axis": int64(1), "num_outputs": int64(6)}, x)
		two := b.ops(2, "Split", ir.Attrs{"axis": int64(1)}, x, b.ints(5, 7))
		return []*ir.Value{b.conv(b.op("Mul", nil, six[1], six[5]), 3), b.conv(b.op("Concat", ir.Attrs{"axis": int64(1)}, two[1], two[0]), 3)}
	}},
	{"viewed by indices", -1, func(b *build) []*ir.Value {
		m := b.op("ReduceMean", ir.Attrs{"keepdims": int64(0)}, b.conv(b.in("x", 1, 3, 4, 6), 6), b.ints(0, 2, 3))
		i := b.g.AddConst("i", tensor.Of([]int64{0, 1, 2, 3, 4, 5}, 1, 6, 1, 1))
		return one(b.conv(b.op("Gather", nil, m, i), 2))
	}},
	{"resizes", 3, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 5, 6), 4)
		r := func(a ir.Attrs, h, w int64) *ir.Value { return b.op("Resize", a, x, nil, nil, b.ints(1, 4, h, w)) }
		return []*ir.Value{b.op("Concat", ir.Attrs{"axis": int64(1)},
			r(ir.Attrs{"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, 10, 12),
			r(ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "align_corners"}, 10, 12),
			r(ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, 10, 12),
			r(ir.Attrs{"mode": "linear"}, 10, 12)), r(ir.Attrs{"mode": "linear"}, 3, 4)}
	}},
	{"blocks", 5, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		return []*ir.Value{
			b.op("DepthToSpace", ir.Attrs{"blocksize": int64(2), "mode": "DCR"}, x),
			b.op("DepthToSpace", ir.Attrs{"blocksize": int64(2), "mode": "CRD"}, x),
			b.op("SpaceToDepth", ir.Attrs{"blocksize": int64(2)}, x),
		}
	}},
	{"norms", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		v := b.op("Abs", nil, b.in("v", 8))
		pos := b.g.AddConst("var", tensor.Of([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 8))
		return []*ir.Value{
			b.op("Relu", nil, b.op("BatchNormalization", nil, x, b.w(8), b.w(8), b.w(8), pos)),
			b.op("InstanceNormalization", nil, x, b.w(8), b.w(8)),
			v,
		}
	}},
	// The reference kernel leaves the last channel of the window out.
	{"lrn without reference kernel", 2, func(b *build) []*ir.Value {
		return one(b.op("LRN", ir.Attrs{"size": int64(5), "alpha": 0.3, "beta": 0.75, "bias": 2.0}, b.conv(b.in("x", 1, 3, 4, 6), 8)))
	}},
	{"activations", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		var all []*ir.Value
		for _, o := range []string{"Elu", "Selu", "Softplus", "Mish", "Gelu", "HardSwish", "Tanh", "Sigmoid", "Softsign", "Celu", "Erf", "Swish"} {
			if b.reg.Get(o) != nil {
				all = append(all, b.op(o, nil, x))
			}
		}
		all = append(all, b.op("Elu", ir.Attrs{"alpha": 0.5}, x), b.op("LeakyRelu", ir.Attrs{"alpha": 0.2}, x),
			b.op("Clip", nil, x, b.scalar(-1), b.scalar(1)), b.op("Clip", nil, x, b.scalar(-0.5), b.scalar(0.7)), b.op("Clip", nil, x, nil, b.scalar(0.1)),
			b.op("HardSigmoid", ir.Attrs{"alpha": 0.2, "beta": 0.4}, x), b.op("Gelu", ir.Attrs{"approximate": "tanh"}, x))
		return one(b.op("Concat", ir.Attrs{"axis": int64(1)}, all...))
	}},
	{"select", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		c := b.op("Not", nil, b.op("Greater", nil, x, b.w(8, 1, 1)))
		return one(b.op("Where", nil, c, x, b.op("Neg", nil, b.op("Max", nil, x, b.w(6), b.w(1, 8, 4, 1)))))
	}},
	{"argmax", 1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		return []*ir.Value{
			b.op("ArgMax", ir.Attrs{"axis": int64(1), "keepdims": int64(0)}, x), b.op("ArgMin", ir.Attrs{"axis": int64(1)}, x),
		}
	}},
	{"reductions", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		flat := ir.Attrs{"keepdims": int64(0)}
		m := b.op("ReduceMean", flat, x, b.ints(2, 3))
		return []*ir.Value{
			b.op("Gemm", nil, m, b.w(8, 5), b.w(5)), b.op("ReduceSum", nil, x, b.ints(1)), b.op("ReduceMax", flat, x, b.ints(2)),
			b.op("ReduceMin", flat, x, b.ints(1)), b.op("ReduceL2", nil, x, b.ints(1, 2, 3)), b.op("ReduceProd", nil, x, b.ints(-1)),
		}
	}},
	{"gathers", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		i := b.g.AddConst("i", tensor.Scalar(int64(-2)))
		return []*ir.Value{
			b.conv(b.op("Gather", ir.Attrs{"axis": int64(1)}, x, b.ints(7, -1, 0)), 2), b.op("Gather", ir.Attrs{"axis": int64(2)}, x, i),
			b.op("Tile", nil, x, b.ints(1, 2, 1, 3)), b.op("Expand", nil, b.op("GlobalAveragePool", nil, x), b.ints(1, 8, 2, 3)),
		}
	}},
	{"squeezes", -1, func(b *build) []*ir.Value {
		x := b.op("GlobalAveragePool", nil, b.conv(b.in("x", 1, 3, 4, 6), 8))
		s := b.op("Squeeze", nil, x, b.ints(2, 3))
		u := b.op("Unsqueeze", nil, b.op("Relu", nil, s), b.ints(2, 3))
		return []*ir.Value{b.op("Conv", nil, u, b.w(3, 8, 1, 1)), b.op("Squeeze", nil, x, b.ints(0, 2))}
	}},
	{"1d as 2d", -1, func(b *build) []*ir.Value {
		x := b.op("Unsqueeze", nil, b.in("x", 1, 3, 9), b.ints(2))
		x = b.op("Conv", nil, x, b.w(5, 3, 1, 3))
		return one(b.op("Softmax", ir.Attrs{"axis": int64(1)}, b.op("Squeeze", nil, x, b.ints(2))))
	}},
	{"powers", 2, func(b *build) []*ir.Value {
		x := b.op("Add", nil, b.op("Abs", nil, b.conv(b.in("x", 1, 3, 4, 6), 8)), b.scalar(0.5))
		var all []*ir.Value
		for _, p := range []float32{2, 0.5, -0.5, -1, 1.7} {
			all = append(all, b.op("Pow", nil, x, b.scalar(p)))
		}
		all = append(all, b.op("Pow", nil, x, b.w(8, 1, 1)), b.op("Reciprocal", nil, x), b.op("Log", nil, x), b.op("Sqrt", nil, x))
		return one(b.op("Concat", ir.Attrs{"axis": int64(1)}, all...))
	}},
	{"max pool of concatenated", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 8, 8), 4)
		y := b.op("Concat", ir.Attrs{"axis": int64(1)}, b.op("Sigmoid", nil, x), b.op("Clip", nil, x, b.scalar(0), nil))
		return one(b.op("MaxPool", ir.Attrs{"kernel_shape": ints(5, 5), "strides": ints(2, 2), "pads": ints(2, 2, 2, 2)}, y))
	}},
	{"sums along axes", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 4, 6), 8)
		k := b.ops(2, "TopK", ir.Attrs{"axis": int64(1)}, x, b.ints(3))
		return []*ir.Value{b.op("CumSum", ir.Attrs{"reverse": int64(1)}, x, b.g.AddConst("axis", tensor.Scalar(int64(1)))), k[0], k[1]}
	}},
	{"input is output", 0, func(b *build) []*ir.Value {
		x := b.in("x", 1, 3, 4, 6)
		i := b.op("Identity", nil, x)
		return []*ir.Value{i, b.op("Identity", nil, i), b.op("Identity", nil, b.w(2, 2)), b.op("Relu", nil, x)}
	}},
}

// TestGraphs writes small graphs, counts their transpositions and compares the
// vendor's package, with both kinds of kernels, with the reference arithmetic.
func TestGraphs(t *testing.T) {
	testkit.Python(t)
	ctx, dir := context.Background(), t.TempDir()
	only := os.Getenv("GRAPH_ONLY")
	type check struct {
		c    graphCase
		outs []string
		want []*tensor.Tensor
		ops  string
		slow []string // why the delegate leaves operators
		part int      // pieces it computes
	}
	var jobs []testkit.Job
	var checks []check
	for _, c := range graphCases {
		if only != "" && !strings.Contains(c.name, only) {
			continue
		}
		b := newBuild(t, c.name)
		b.g.Outputs = c.build(b)
		in := randomInputs(t, b.g, -1, 1, 1)
		want, err := testkit.Eval(b.reg, b.g, in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var outs []string
		for _, v := range b.g.Outputs {
			outs = append(outs, v.Name)
		}
		if err := legalize.Run(ctx, b.g, b.reg, Target{}, target.Options{}).Err(); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		w := newWriter(b.g, target.Options{})
		if err := w.build(ctx); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n, codes := 0, []string{}
		for _, o := range w.m.Operators {
			codes = append(codes, o.Code.String())
			if o.Code == fb.Transpose {
				n++
			}
		}
		if c.transposes >= 0 && n != c.transposes {
			t.Errorf("%s: %d transpositions, want %d: %v\n%v", c.name, n, c.transposes, codes, w.findings)
		}
		if w.plan.Bytes > w.plan.WrappedBytes && w.plan.WrappedBytes > 0 {
			t.Errorf("%s: the plan moves %d bytes, wrapping %d", c.name, w.plan.Bytes, w.plan.WrappedBytes)
		}
		file := filepath.Join(dir, fmt.Sprintf("g%d.tflite", len(jobs)))
		if err := writeModel(ctx, w.m, file); err != nil {
			t.Fatal(err)
		}
		k := check{c: c, outs: outs, want: want, ops: strings.Join(codes, " ")}
		fast := []bool{}
		for i, why := range w.pace() {
			fast = append(fast, why == "")
			if why != "" {
				k.slow = append(k.slow, codes[i]+" "+why)
			}
		}
		k.part = parts(w.m, fast)
		jobs = append(jobs, testkit.Job{Runtime: "litert", Model: file, Inputs: in}, testkit.Job{Runtime: "litert", Model: file, Inputs: in, Reference: true})
		checks = append(checks, k, k)
	}
	for i, r := range testkit.Vendor(t, jobs) {
		k := checks[i]
		if jobs[i].Reference && (strings.Contains(r.Err, "Didn't find op") || strings.Contains(k.c.name, "without reference")) {
			continue
		}
		if r.Err != "" {
			t.Errorf("%s: %s (%s)", k.c.name, r.Err, k.ops)
			continue
		}
		if !jobs[i].Reference && r.Parts != k.part {
			t.Errorf("%s: the delegate computes %d pieces, want %d (%s; left: %v)", k.c.name, r.Parts, k.part, k.ops, k.slow)
		}
		for o, name := range k.outs {
			got := r.Outputs[name]
			if got == nil || fmt.Sprint(got.Shape()) != fmt.Sprint(k.want[o].Shape()) {
				t.Errorf("%s: output %q is %v, want %v (%s)", k.c.name, name, got, k.want[o], k.ops)
			} else if d := difference(got, k.want[o]); !(d <= 2e-5) {
				t.Errorf("%s: output %q differs by %g of its range (%s)", k.c.name, name, d, k.ops)
			}
		}
	}
}
