package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var detection = map[string]generator{
	"RoiAlign": func(d *drawer) *draft {
		x := d.pick(f32, notEmpty(4, 4), func() []int { return []int{d.between(1, 2), d.between(1, 2), d.between(2, 6), d.between(2, 6)} })
		s := d.value(x).Shape()
		n := d.between(1, 3)
		attrs := ir.Attrs{"output_height": int64(d.between(1, 3)), "output_width": int64(d.between(1, 3)), "sampling_ratio": int64(d.between(1, 2))}
		attrs = merge(attrs, choice("mode", "avg", "max")(d), choice("coordinate_transformation_mode", "half_pixel", "output_half_pixel")(d))
		return &draft{in: []*ir.Value{x, d.boxes(n, s), d.from(tensor.Int64, d.index(n, s[0], false), n)}, attrs: attrs}
	},
	"AffineGrid": func(d *drawer) *draft {
		n := d.between(1, 2)
		size := d.list(int64(n), int64(d.between(1, 2)), int64(d.between(2, 4)), int64(d.between(2, 4)))
		return &draft{in: []*ir.Value{d.leaf(tensor.Float32, n, 2, 3), size}, attrs: flags("align_corners")(d)}
	},
	"Col2Im": func(d *drawer) *draft {
		k, s := []int{d.between(1, 2), d.between(1, 2)}, []int{d.between(2, 4), d.between(2, 4)}
		c := d.between(1, 2)
		blocks := (s[0] - k[0] + 1) * (s[1] - k[1] + 1)
		in := []*ir.Value{d.leaf(tensor.Float32, d.between(1, 2), c*k[0]*k[1], blocks), d.constant(tensor.Of(wide(s), 2)), d.constant(tensor.Of(wide(k), 2))}
		return &draft{in: in}
	},
	"DeformConv": func(d *drawer) *draft {
		c, kh, kw, m := d.between(1, 3), d.between(1, 2), d.between(1, 2), d.between(1, 2)
		h, w := d.between(kh, 4), d.between(kw, 4)
		oh, ow := h-kh+1, w-kw+1
		in := []*ir.Value{d.leaf(tensor.Float32, 1, c, h, w), d.leaf(tensor.Float32, m, c, kh, kw), d.leaf(tensor.Float32, 1, 2*kh*kw, oh, ow)}
		if d.chance(2) {
			in = append(in, d.leaf(tensor.Float32, m))
			if d.chance(2) {
				in = append(in, d.leaf(tensor.Float32, 1, kh*kw, oh, ow))
			}
		}
		return &draft{in: in}
	},
	"CenterCropPad": func(d *drawer) *draft {
		x := d.some(movable, 1, 4)
		r := d.value(x).Rank()
		axes := d.Perm(r)[:d.between(1, r)]
		slices.Sort(axes)
		to := make([]int64, len(axes))
		for i := range to {
			to[i] = int64(d.between(1, 6))
		}
		return &draft{in: []*ir.Value{x, d.list(to...)}, attrs: ir.Attrs{"axes": wide(axes)}}
	},
	"BitCast": func(d *drawer) *draft {
		x := d.any(f32, 0, 4)
		return &draft{in: []*ir.Value{x}, attrs: ir.Attrs{"to": op.ONNXType(tensor.Int32)}}
	},
	"NonMaxSuppression": func(d *drawer) *draft {
		n := d.between(2, 5)
		v := make([]float64, 4*n)
		for i := range n {
			y, x := float64(d.IntN(8)), float64(d.IntN(8))
			copy(v[4*i:], []float64{y, x, y + float64(d.between(1, 6)), x + float64(d.between(1, 6))})
		}
		scores := make([]float64, n)
		for i, k := range d.Perm(n) {
			scores[i] = float64(k+1) / 8
		}
		in := []*ir.Value{
			d.from(tensor.Float32, v, 1, n, 4), d.from(tensor.Float32, scores, 1, 1, n), d.list(int64(d.between(1, n))),
			d.from(tensor.Float32, []float64{0.45}, 1), d.from(tensor.Float32, []float64{0.1}, 1),
		}
		return &draft{in: in}
	},
	"Unique": func(d *drawer) *draft {
		x := d.some(numbers, 1, 3)
		attrs := flags("sorted")(d)
		if d.chance(2) {
			attrs["axis"] = d.axis(d.value(x).Rank())
		}
		return &draft{in: []*ir.Value{x}, attrs: attrs, outs: d.between(1, 4)}
	},
	"MaxRoiPool": func(d *drawer) *draft {
		x := d.pick(f32, notEmpty(4, 4), func() []int { return []int{1, d.between(1, 2), d.between(3, 6), d.between(3, 6)} })
		s := d.value(x).Shape()
		v := []float64{0, 0, 0, float64(s[3] - 1), float64(s[2] - 1)}
		return &draft{in: []*ir.Value{x, d.from(tensor.Float32, v, 1, 5)}, attrs: ir.Attrs{"pooled_shape": []int64{int64(d.between(1, 2)), int64(d.between(1, 2))}}}
	},
	"MaxUnpool": func(d *drawer) *draft {
		h, w, c := d.between(1, 3), d.between(1, 3), d.between(1, 2)
		x := d.leaf(tensor.Float32, 1, c, h, w)
		v := make([]float64, c*h*w)
		for i := range v {
			ch, y, p := i/(h*w), i/w%h, i%w
			v[i] = float64((ch*2*h+2*y+d.IntN(2))*2*w + 2*p + d.IntN(2))
		}
		return &draft{in: []*ir.Value{x, d.from(tensor.Int64, v, 1, c, h, w)}, attrs: ir.Attrs{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}}}
	},
	"NegativeLogLikelihoodLoss": loss(1), "SoftmaxCrossEntropyLoss": loss(2),
	"TensorScatter": func(d *drawer) *draft {
		b, n, u := d.between(1, 2), d.between(2, 5), d.between(1, 2)
		in := []*ir.Value{d.leaf(tensor.Float32, b, 2, n, 3), d.leaf(tensor.Float32, b, 2, u, 3), d.from(tensor.Int64, d.index(b, n-u+1, false), b)}
		return &draft{in: in, attrs: choice("mode", "linear", "circular")(d)}
	},
}

// boxes makes regions inside the picture, as x1, y1, x2, y2.
func (d *drawer) boxes(n int, s []int) *ir.Value {
	v := make([]float64, 0, 4*n)
	for range n {
		x, y := float64(d.IntN(s[3])), float64(d.IntN(s[2]))
		v = append(v, x, y, x+0.5+float64(d.IntN(3)), y+0.5+float64(d.IntN(3)))
	}
	return d.from(tensor.Float32, v, n, 4)
}

func loss(outs int) generator {
	return func(d *drawer) *draft {
		n, c := d.between(1, 3), d.between(2, 4)
		in := []*ir.Value{d.leaf(tensor.Float32, n, c), d.from(tensor.Int64, d.index(n, c, false), n)}
		if d.chance(2) {
			in = append(in, d.positive(tensor.Float32, c))
		}
		return &draft{in: in, attrs: choice("reduction", "none", "mean", "sum")(d), outs: d.between(1, outs)}
	}
}
