package testkit

import (
	"math"
	"slices"

	"slipway/conversion/tensor"
)

// Difference is the largest absolute difference between elements, over the largest
// finite magnitude in want, and where it is; numbers of 16 bits count a 32nd. It is
// infinite where one of both is not a number, or infinite.
func Difference(got, want *tensor.Tensor) (worst float64, at int) {
	g, w := got.Float64s(), want.Float64s()
	scale := 1e-6
	for _, x := range w {
		if !math.IsInf(x, 0) && !math.IsNaN(x) {
			scale = max(scale, math.Abs(x))
		}
	}
	if want.DType() == tensor.Float16 || got.DType() == tensor.Float16 {
		scale *= 32
	}
	for i := range w {
		if w[i] == g[i] || math.IsNaN(w[i]) && math.IsNaN(g[i]) {
			continue
		}
		d := math.Abs(w[i]-g[i]) / scale
		if d != d {
			return math.Inf(1), i
		}
		if d > worst {
			worst, at = d, i
		}
	}
	return worst, at
}

// Near reports whether both have one shape, and no Difference above limit.
func Near(got, want *tensor.Tensor, limit float64) bool {
	if !slices.Equal(got.Shape(), want.Shape()) {
		return false
	}
	d, _ := Difference(got, want)
	return d <= limit
}
