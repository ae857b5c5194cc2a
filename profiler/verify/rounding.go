package verify

import (
	"math"

	"slipway/conversion/tensor"
)

// withoutRounding takes from got what rounding to a half-precision want may have
// added to the difference: where a target gives single precision for a source
// that gives half, the source's last bit is no error of the target's.
func withoutRounding(got []float64, want []float64, from, to tensor.DType) []float64 {
	bits, least := 0, 0
	switch {
	case to == tensor.Float16:
		bits, least = 11, -14
	case to == tensor.BFloat16:
		bits, least = 8, -126
	}
	if bits == 0 || from != tensor.Float32 && from != tensor.Float64 {
		return got
	}
	out := make([]float64, len(got))
	for i, g := range got {
		w := want[i]
		_, e := math.Frexp(w) // |w| is 2^e times at least a half
		if w == 0 {
			e = least
		}
		half := math.Ldexp(1, max(e-1, least)-bits)
		switch d := g - w; {
		case math.Abs(d) <= half:
			out[i] = w
		case math.IsNaN(d) || math.IsInf(d, 0):
			out[i] = g
		default:
			out[i] = g - math.Copysign(half, d)
		}
	}
	return out
}
