package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// fused are operators of ONNX Runtime's own domain that stand for several.
var fused = map[string]generator{
	"com.microsoft.Gelu": unary(f32), "com.microsoft.QuickGelu": withAttrs(f32, nonZero("alpha")),
	"com.microsoft.FastGelu": func(d *drawer) *draft {
		f := biased(d)
		if d.chance(2) {
			f.in = f.in[:1]
		}
		return f
	},
	"com.microsoft.BiasGelu": biased,
	"com.microsoft.FusedMatMul": func(d *drawer) *draft {
		a := d.pick(f32, notEmpty(2, 3), func() []int { return d.shape(2, 3) })
		s := d.value(a).Shape()
		ta, tb := d.flag(), d.flag()
		k := s[len(s)-1-int(ta)]
		b := []int{k, d.between(1, 4)}
		if tb == 1 {
			b[0], b[1] = b[1], b[0]
		}
		attrs := merge(reals("alpha")(d), ir.Attrs{"transA": ta, "transB": tb})
		return &draft{in: []*ir.Value{a, d.leaf(tensor.Float32, b...)}, attrs: attrs}
	},
	"com.microsoft.FusedGemm": func(d *drawer) *draft {
		f := gemm(d)
		if f.in[0].DType != tensor.Float32 {
			return nil
		}
		f.attrs["activation"] = oneOf(d, "Relu", "Tanh", "Sigmoid")
		return f
	},
	"com.microsoft.FusedConv": func(d *drawer) *draft {
		f := convolve(d)
		if f.in[0].DType != tensor.Float32 || d.value(f.in[0]).Rank() != 4 {
			return nil
		}
		f.attrs["activation"] = oneOf(d, "Relu", "Tanh", "Sigmoid")
		return f
	},
	"SimplifiedLayerNormalization": rows,
	"com.microsoft.SkipLayerNormalization": func(d *drawer) *draft {
		f := skipped(d)
		n := d.value(f.in[2]).Shape()[0]
		if d.chance(2) {
			f.in = append(f.in, d.leaf(tensor.Float32, n))
			if d.chance(2) {
				f.in = append(f.in, d.leaf(tensor.Float32, n))
			}
		}
		return f
	},
	"com.microsoft.SkipSimplifiedLayerNormalization": func(d *drawer) *draft {
		f := skipped(d)
		if d.chance(2) {
			f.in = append(f.in, d.leaf(tensor.Float32, d.value(f.in[2]).Shape()[0]))
		}
		return f
	},
	"com.microsoft.DynamicQuantizeMatMul": func(d *drawer) *draft {
		a := d.pick(f32, notEmpty(2, 3), func() []int { return d.shape(2, 3) })
		s := d.value(a).Shape()
		return &draft{in: []*ir.Value{a, d.leaf(oneOf(d, bytes...), s[len(s)-1], d.between(1, 4)), d.scale()}}
	},
	"com.microsoft.MatMulIntegerToFloat": func(d *drawer) *draft {
		a := d.pick(bytes, notEmpty(2, 3), func() []int { return d.shape(2, 3) })
		s := d.value(a).Shape()
		n := d.between(1, 4)
		in := []*ir.Value{a, d.leaf(oneOf(d, bytes...), s[len(s)-1], n), d.scale(), d.scale(), d.zero(a.DType)}
		if d.chance(2) {
			in = append(in, d.zero(in[1].DType), d.leaf(tensor.Float32, n))
		}
		return &draft{in: in}
	},
	"com.microsoft.QLinearAdd": qBinary, "com.microsoft.QLinearMul": qBinary,
	"com.microsoft.QLinearSigmoid": qUnary(nil),
	"com.microsoft.QLinearLeakyRelu": qUnary(func(d *drawer) ir.Attrs {
		return ir.Attrs{"alpha": oneOf(d, 0.125, 0.25, 0.5)}
	}),
	"com.microsoft.QLinearSoftmax": func(d *drawer) *draft {
		f := qUnary(nil)(d)
		if r := d.value(f.in[0]).Rank(); r == 0 {
			return nil
		}
		// Softmax gives 1/256 steps from zero.
		f.in[3] = d.constant(tensor.Scalar(float32(1.0 / 256)))
		zero := uint8(0)
		if f.in[0].DType == tensor.Int8 {
			f.in[4] = d.constant(tensor.Scalar(int8(-128)))
		} else {
			f.in[4] = d.constant(tensor.Scalar(zero))
		}
		f.attrs = ir.Attrs{"opset": int64(13), "axis": int64(-1)}
		return f
	},
	"com.microsoft.QLinearGlobalAveragePool": func(d *drawer) *draft { return qPicture(d) },
	"com.microsoft.QLinearAveragePool": func(d *drawer) *draft {
		f := qPicture(d)
		kernel, attrs := d.window(d.value(f.in[0]).Shape()[2:], false)
		attrs["kernel_shape"] = wide(kernel)
		f.attrs = merge(attrs, flags("count_include_pad")(d))
		return f
	},
	"com.microsoft.QLinearConcat": func(d *drawer) *draft {
		t := oneOf(d, bytes...)
		s := d.shape(1, 3)
		in := []*ir.Value{d.scale(), d.zero(t)}
		for range d.between(1, 3) {
			in = append(in, d.leaf(t, s...), d.scale(), d.zero(t))
		}
		return &draft{in: in, attrs: ir.Attrs{"axis": int64(d.IntN(len(s)))}}
	},
	"com.microsoft.QGemm": func(d *drawer) *draft {
		a := d.pick(bytes, notEmpty(2, 2), func() []int { return d.shape(2, 2) })
		ta, tb := d.flag(), d.flag()
		k := d.value(a).Shape()[1-ta]
		b := []int{k, d.between(1, 4)}
		if tb == 1 {
			b[0], b[1] = b[1], b[0]
		}
		in := []*ir.Value{a, d.scale(), d.zero(a.DType), d.leaf(a.DType, b...), d.scale(), d.zero(a.DType), nil, d.scale(), d.zero(a.DType)}
		return &draft{in: in, attrs: ir.Attrs{"transA": ta, "transB": tb}}
	},
	"com.microsoft.MatMulNBits": nBits,
}

func biased(d *drawer) *draft {
	x := d.some(f32, 1, 4)
	s := d.value(x).Shape()
	return &draft{in: []*ir.Value{x, d.leaf(tensor.Float32, s[len(s)-1])}}
}

// skipped normalises the sum of two tensors of rank 3.
func skipped(d *drawer) *draft {
	x := d.pick(f32, notEmpty(3, 3), func() []int { return d.shape(3, 3) })
	s := d.value(x).Shape()
	f := &draft{in: []*ir.Value{x, d.leaf(tensor.Float32, s...), d.leaf(tensor.Float32, s[2])}, attrs: ir.Attrs{"epsilon": oneOf(d, 1e-3, 1e-2)}}
	return f
}

func qBinary(d *drawer) *draft {
	a := d.some(bytes, 0, 4)
	b := d.partner(a)
	return &draft{in: []*ir.Value{a, d.scale(), d.zero(a.DType), b, d.scale(), d.zero(a.DType), d.scale(), d.zero(a.DType)}}
}

func qUnary(attrs func(*drawer) ir.Attrs) generator {
	return func(d *drawer) *draft {
		x := d.some(bytes, 0, 4)
		f := &draft{in: []*ir.Value{x, d.scale(), d.zero(x.DType), d.scale(), d.zero(x.DType)}}
		if attrs != nil {
			f.attrs = attrs(d)
		}
		// The runtime's tables want constants.
		for i, v := range f.in[1:] {
			if !v.IsConst() {
				f.in[1+i] = d.constant(d.value(v))
			}
		}
		return f
	}
}

func qPicture(d *drawer) *draft {
	x := d.picture(bytes)
	f := &draft{in: []*ir.Value{x, d.scale(), d.zero(x.DType), d.scale(), d.zero(x.DType)}}
	for i, v := range f.in[1:] {
		if !v.IsConst() {
			f.in[1+i] = d.constant(d.value(v))
		}
	}
	return f
}

// nBits multiplies by weights of 4 bits, packed in blocks of 16 or 32.
func nBits(d *drawer) *draft {
	k, n, block := oneOf(d, 16, 32, 64), d.between(1, 3), oneOf(d, 16, 32)
	blocks := (k + block - 1) / block
	packed := make([]uint8, n*blocks*block/2)
	for i := range packed {
		packed[i] = uint8(d.IntN(256))
	}
	scales := d.constant(tensor.Of(d.small(n*blocks), n, blocks))
	in := []*ir.Value{d.leaf(tensor.Float32, d.between(1, 3), k), d.constant(tensor.Of(packed, n, blocks, block/2)), scales}
	return &draft{in: in, attrs: ir.Attrs{"K": int64(k), "N": int64(n), "bits": int64(4), "block_size": int64(block)}}
}

func (d *drawer) small(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(d.between(1, 16)) / 64
	}
	return v
}
