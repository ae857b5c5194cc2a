package verify

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Span bounds the values that an input is made for; the zero value is unknown.
type Span struct{ Low, High float64 }

// Samples makes n reproducible inputs for a model: noise, then from the third on
// one of zeros and one of ones or, where it is known, of the middle value (they
// show constant errors that noise hides), then more noise. Noise is uniform
// within the input's span, by position, and normal where that is not given. Integer inputs get small non-negative numbers, masks
// and kinds of tokens (by the input's name) 0 and 1.
// Dynamic dimensions become what dims says by input name, else 1.
func Samples(ios []runtimes.IO, n int, dims map[string][]int, spans ...Span) ([][]*tensor.Tensor, error) {
	return samples(ios, n, func(io, axis, _ int) int {
		if given := dims[ios[io].Name]; axis < len(given) {
			return given[axis]
		}
		return 1
	}, spans)
}

// Sizes that samples take in turn for what a model leaves open.
var (
	turnBatch  = []int{1, 2}
	turnSide   = [][2]int{{224, 224}, {160, 192}}
	turnLength = []int{16, 12}
)

// VariedSamples is Samples for a model and what was made of it, by position: a
// dimension that the artefact fixed has its size, and what both leave open takes
// two sizes in turn, so that one artefact is seen to hold at both. Sizes other
// than the batch vary only where there is one input, as several may depend on
// each other.
func VariedSamples(ios, artefact []runtimes.IO, n int, dims map[string][]int, spans ...Span) ([][]*tensor.Tensor, error) {
	batched := true // the first dimension of each input is open
	for _, io := range ios {
		batched = batched && len(io.Shape) > 0 && io.Shape[0] < 0
	}
	return samples(ios, n, func(io, axis, s int) int {
		shape := ios[io].Shape
		if given := dims[ios[io].Name]; axis < len(given) && given[axis] > 0 {
			return given[axis]
		}
		if len(artefact) == len(ios) && len(artefact[io].Shape) == len(shape) && artefact[io].Shape[axis] > 0 {
			return artefact[io].Shape[axis]
		}
		switch {
		case axis == 0:
			if batched {
				return turnBatch[s%2]
			}
		case len(ios) > 1:
		case len(shape) == 4 && shape[1] > 0 && axis >= 2:
			return turnSide[s%2][axis-2]
		case len(shape) == 4 && shape[3] > 0:
			return turnSide[s%2][axis-1]
		case len(shape) < 4:
			return turnLength[s%2]
		}
		return 1
	}, spans)
}

// Open reports whether a size is left open.
func Open(ios []runtimes.IO) bool {
	return slices.ContainsFunc(ios, func(io runtimes.IO) bool { return slices.ContainsFunc(io.Shape, func(d int) bool { return d < 0 }) })
}

// samples makes inputs; size tells what an open dimension of an input is in a
// sample.
func samples(ios []runtimes.IO, n int, size func(io, axis, sample int) int, spans []Span) ([][]*tensor.Tensor, error) {
	out := make([][]*tensor.Tensor, n)
	for s := range out {
		rng := rand.New(rand.NewPCG(20261121, uint64(s)))
		for k, io := range ios {
			shape := append([]int{}, io.Shape...)
			for i, d := range shape {
				if d < 0 {
					shape[i] = max(size(k, i, s), 1)
				}
			}
			count, err := tensor.NumElements(shape)
			if err != nil {
				return nil, fmt.Errorf("verify: input %q: %w", io.Name, err)
			}
			var span Span
			if k < len(spans) {
				span = spans[k]
			}
			known := span != Span{}
			v := make([]float64, count)
			for i := range v {
				switch {
				case io.DType == tensor.Bool, io.DType.IsInt() && twoValued(io.Name):
					v[i] = float64(rng.IntN(2))
				case io.DType.IsInt():
					v[i] = float64(rng.IntN(8))
				case s == 2:
					v[i] = 0
				case s == 3:
					v[i] = 1
					if known {
						v[i] = (span.Low + span.High) / 2
					}
				case known:
					v[i] = span.Low + rng.Float64()*(span.High-span.Low)
				default:
					v[i] = rng.NormFloat64()
				}
			}
			t, err := tensor.FromFloat64s(io.DType, v, shape...)
			if err != nil {
				return nil, fmt.Errorf("verify: input %q: %w", io.Name, err)
			}
			out[s] = append(out[s], t)
		}
	}
	return out, nil
}

// twoValued reports whether an integer input holds 0 and 1 alone, as the inputs
// of text models do whose exporters call them attention_mask and
// token_type_ids. Other values are added to scores as large numbers, which half
// precision does not hold.
func twoValued(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "mask") || strings.Contains(name, "token_type")
}
