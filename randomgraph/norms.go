package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var norms = map[string]generator{
	"BatchNormalization": func(d *drawer) *draft {
		x := d.some(f32, 2, 5)
		c := d.value(x).Shape()[1]
		in := []*ir.Value{x, d.leaf(x.DType, c), d.leaf(x.DType, c), d.leaf(x.DType, c), d.positive(x.DType, c)}
		return &draft{in: in, attrs: epsilon(d)}
	},
	"InstanceNormalization": func(d *drawer) *draft {
		x := d.picture(f32)
		c := d.value(x).Shape()[1]
		return &draft{in: []*ir.Value{x, d.leaf(x.DType, c), d.leaf(x.DType, c)}, attrs: epsilon(d)}
	},
	"GroupNormalization": func(d *drawer) *draft {
		x := d.picture(f32)
		c := d.value(x).Shape()[1]
		attrs := merge(epsilon(d), ir.Attrs{"num_groups": int64(oneOf(d, divisors(c)...))})
		return &draft{in: []*ir.Value{x, d.leaf(x.DType, c), d.leaf(x.DType, c)}, attrs: attrs}
	},
	"LayerNormalization": func(d *drawer) *draft {
		f := rows(d)
		if d.chance(2) {
			f.in = append(f.in, d.leaf(tensor.Float32, d.value(f.in[1]).Shape()...))
		}
		if d.chance(4) {
			f.outs = d.between(1, 3)
		}
		return f
	},
	"RMSNormalization": rows,
	"LRN": func(d *drawer) *draft {
		x := d.picture(f32)
		attrs := merge(reals("alpha", "beta")(d), ir.Attrs{"size": int64(oneOf(d, 1, 3, 5))})
		if d.chance(2) {
			attrs["bias"] = float64(d.between(8, 32)) / 8
		}
		if a, ok := attrs["alpha"].(float64); ok && a < 0 {
			attrs["alpha"] = -a / 16
		}
		return &draft{in: []*ir.Value{x}, attrs: attrs}
	},
	"LpNormalization": func(d *drawer) *draft {
		f := alongAxis(d)
		f.attrs["p"] = int64(d.between(1, 2))
		return f
	},
	"MeanVarianceNormalization": func(d *drawer) *draft {
		// The height is normalised in any case and all elements differ: without
		// variance, runtimes do not add the definition's 1e-9.
		shape := []int{d.between(1, 2), d.between(1, 3), d.between(2, 5), d.between(1, 5)}
		n, _ := tensor.NumElements(shape)
		v := make([]float64, n)
		for i, k := range d.Perm(n) {
			v[i] = float64(k) / 8
		}
		attrs := ir.Attrs{}
		if d.chance(2) {
			a := []int64{2}
			for _, k := range []int64{0, 1, 3} {
				if d.chance(2) {
					a = append(a, k)
				}
			}
			slices.Sort(a)
			attrs["axes"] = a
		}
		return &draft{in: []*ir.Value{d.from(tensor.Float32, v, shape...)}, attrs: attrs}
	},
}

// epsilon is no smaller than what keeps rounding apart from the result where
// all elements of a group are the same.
func epsilon(d *drawer) ir.Attrs {
	if d.chance(2) {
		return ir.Attrs{}
	}
	return ir.Attrs{"epsilon": oneOf(d, 1e-3, 1e-2, 0.5)}
}

// rows normalises the trailing axes.
func rows(d *drawer) *draft {
	x := d.some(f32, 1, 4)
	s := d.value(x).Shape()
	axis := d.axis(len(s))
	from := int(axis)
	if from < 0 {
		from += len(s)
	}
	scale := d.leaf(tensor.Float32, s[from:]...)
	return &draft{in: []*ir.Value{x, scale}, attrs: merge(epsilon(d), ir.Attrs{"axis": axis})}
}
