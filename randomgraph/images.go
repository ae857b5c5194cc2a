package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var images = map[string]generator{"Resize": resize, "GridSample": gridSample}

func resize(d *drawer) *draft {
	x := d.pick(f32, notEmpty(3, 5), func() []int {
		if d.chance(5) {
			return []int{1, d.between(1, 2), d.between(2, 8)}
		}
		return []int{d.between(1, 2), d.between(1, 3), d.between(1, 6), d.between(1, 6)}
	})
	s := d.value(x).Shape()
	mode := oneOf(d, "nearest", "nearest", "linear", "linear", "cubic")
	if mode == "cubic" && len(s) != 4 || mode == "linear" && len(s) == 5 {
		mode = "nearest"
	}
	attrs := ir.Attrs{"mode": mode}
	if !d.chance(3) {
		attrs["coordinate_transformation_mode"] = oneOf(d, "half_pixel", "half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
	}
	if mode == "nearest" && d.chance(2) {
		attrs["nearest_mode"] = oneOf(d, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
	}
	if mode == "cubic" && d.chance(2) {
		attrs["cubic_coeff_a"] = oneOf(d, -0.5, -0.75)
	}
	sizes := make([]int64, len(s))
	scales := make([]float64, len(s))
	n := 1
	for i := range s {
		sizes[i], scales[i] = int64(s[i]), 1
		if i >= 2 {
			sizes[i] = int64(d.between(1, 9))
			scales[i] = oneOf(d, 1.0, 2, 2, 3, 0.5, 1.5)
			if mode == "nearest" {
				// Other ratios put coordinates on the edge between two elements, on
				// one side in 32 bits and on the other in 64.
				scales[i] = oneOf(d, 1.0, 2, 3)
				sizes[i] = int64(s[i]) * int64(scales[i])
			}
			if float64(s[i])*scales[i] < 1 {
				scales[i] = 1
			}
		}
		n *= int(sizes[i])
	}
	if n > maxElements {
		return nil
	}
	if d.chance(2) {
		return &draft{in: []*ir.Value{x, nil, nil, d.list(sizes...)}, attrs: attrs}
	}
	return &draft{in: []*ir.Value{x, nil, d.from(tensor.Float32, scales, len(scales))}, attrs: attrs}
}

func gridSample(d *drawer) *draft {
	x := d.pick(f32, notEmpty(4, 4), func() []int { return []int{d.between(1, 2), d.between(1, 2), d.between(1, 4), d.between(1, 4)} })
	n := d.value(x).Shape()[0]
	grid := d.leaf(tensor.Float32, n, d.between(1, 3), d.between(1, 3), 2)
	attrs := merge(flags("align_corners")(d), choice("mode", "linear", "nearest", "cubic")(d), choice("padding_mode", "zeros", "border", "reflection")(d))
	return &draft{in: []*ir.Value{x, grid}, attrs: attrs}
}
