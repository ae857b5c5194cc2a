package tflite

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

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
	{"conv of volumes", 2, func(b *build) []*ir.Value {
		x := b.op("Conv", ir.Attrs{"pads": ints(1, 0, 2, 1, 1, 2), "strides": ints(1, 2, 3)}, b.in("x", 2, 3, 5, 6, 9), b.w(4, 3, 3, 2, 4), b.w(4))
		return one(b.op("Conv", nil, b.op("Relu", nil, x), b.w(3, 4, 2, 1, 2)))
	}},
	{"conv of volumes, spread", 2, func(b *build) []*ir.Value {
		return one(b.op("Conv", ir.Attrs{"dilations": ints(2, 1, 2)}, b.in("x", 1, 3, 7, 6, 9), b.w(4, 3, 3, 2, 3)))
	}},
	{"conv of volumes, in groups", -1, func(b *build) []*ir.Value {
		x := b.op("Conv", ir.Attrs{"group": int64(3), "pads": ints(1, 1, 0, 2, 0, 1), "strides": ints(2, 1, 2), "dilations": ints(2, 1, 2)}, b.in("x", 2, 6, 9, 6, 7), b.w(9, 2, 3, 2, 2), b.w(9))
		return one(b.op("Relu", nil, x))
	}},
	{"conv of one volume, by depth", -1, func(b *build) []*ir.Value {
		return one(b.op("Conv", ir.Attrs{"group": int64(6), "pads": ints(1, 1, 1, 1, 1, 1)}, b.in("x", 1, 6, 4, 5, 6), b.w(6, 1, 3, 3, 3)))
	}},
	{"conv, computed bias", -1, func(b *build) []*ir.Value {
		return one(b.op("Conv", nil, b.in("x", 2, 3, 6, 7), b.w(4, 3, 3, 2), b.op("Relu", nil, b.in("b", 4))))
	}},
	{"conv transpose of volumes", -1, func(b *build) []*ir.Value {
		return one(b.op("ConvTranspose", ir.Attrs{"group": int64(2), "strides": ints(2, 1, 3), "pads": ints(1, 3, 0, 0, 1, 2), "output_padding": ints(1, 0, 2), "dilations": ints(1, 2, 1)},
			b.in("x", 2, 4, 3, 5, 4), b.w(4, 3, 3, 2, 3), b.w(6)))
	}},
	{"conv transpose, computed weights", -1, func(b *build) []*ir.Value {
		return one(b.op("ConvTranspose", ir.Attrs{"group": int64(2), "strides": ints(3, 2), "pads": ints(4, 0, 0, 1), "dilations": ints(1, 2)},
			b.in("x", 2, 4, 3, 5), b.op("Tanh", nil, b.in("w", 4, 3, 3, 2)), b.w(6)))
	}},
	{"borders repeated", 2, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 5, 4), 4)
		y := b.op("Pad", ir.Attrs{"mode": "edge"}, x, b.ints(0, 1, 2, 0, 0, 0, 7, 3))
		return one(b.conv(b.op("Pad", ir.Attrs{"mode": "wrap"}, y, b.ints(0, 0, 3, 1, 0, 0, 0, 7)), 2))
	}},
	{"borders of all axes", 0, func(b *build) []*ir.Value {
		return one(b.op("Pad", ir.Attrs{"mode": "edge"}, b.in("x", 2, 3), b.ints(1, 0, 0, 2)))
	}},
	{"borders removed", -1, func(b *build) []*ir.Value {
		x := b.op("Pad", nil, b.in("x", 1, 3, 5, 4), b.ints(0, -1, 1, 0, 0, 0, -1, -2), b.scalar(3))
		return one(b.op("Pad", ir.Attrs{"mode": "edge"}, x, b.ints(-1, 0, 0, 2), nil, b.ints(2, 3)))
	}},
	{"the smallest", -1, func(b *build) []*ir.Value {
		x := b.conv(b.in("x", 1, 3, 6, 6), 4)
		k := b.ops(2, "TopK", ir.Attrs{"axis": int64(1), "largest": int64(0)}, x, b.ints(3))
		big := b.op("Cast", ir.Attrs{"to": int64(7)}, b.op("Mul", nil, x, b.scalar(1e9)))
		few := b.op("Cast", ir.Attrs{"to": int64(6)}, b.op("Mul", nil, x, b.scalar(3)))
		l := b.ops(2, "TopK", ir.Attrs{"axis": int64(3), "largest": int64(0)}, big, b.ints(2))
		m := b.ops(2, "TopK", ir.Attrs{"axis": int64(2), "largest": int64(0)}, few, b.ints(6))
		n := b.ops(2, "TopK", ir.Attrs{"axis": int64(2)}, big, b.ints(4))
		return []*ir.Value{k[0], k[1], l[0], l[1], m[0], m[1], n[0], n[1]}
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
	{"matmul of many axes", -1, func(b *build) []*ir.Value {
		x := b.op("MatMul", nil, b.in("x", 2, 3, 2, 1, 4, 5), b.in("y", 2, 1, 2, 3, 5, 6))
		return one(b.op("MatMul", nil, b.op("Relu", nil, x), b.in("z", 3, 6, 2)))
	}},
	{"seven axes", -1, func(b *build) []*ir.Value {
		x := b.op("Softmax", ir.Attrs{"axis": int64(2)}, b.in("x", 2, 1, 3, 2, 2, 2, 3))
		x = b.op("Concat", ir.Attrs{"axis": int64(4)}, x, b.op("Add", nil, x, b.w(3, 2, 2, 1, 3)))
		return []*ir.Value{b.op("ReduceMax", nil, x, b.ints(2, 5)), b.op("LayerNormalization", nil, x, b.w(3), b.w(3))}
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
