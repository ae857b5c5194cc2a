package openvino

import (
	"math"

	"slipway/conversion/tensor"
)

// difference is the largest absolute difference relative to the range of want.
func difference(got, want *tensor.Tensor) (worst float64, at int) {
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
