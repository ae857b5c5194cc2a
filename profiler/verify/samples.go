package verify

import (
	"fmt"
	"math/rand/v2"
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
	out := make([][]*tensor.Tensor, n)
	for s := range out {
		rng := rand.New(rand.NewPCG(20261121, uint64(s)))
		for k, io := range ios {
			shape := append([]int{}, io.Shape...)
			for i, d := range shape {
				if d < 0 {
					shape[i] = 1
					if given := dims[io.Name]; i < len(given) && given[i] > 0 {
						shape[i] = given[i]
					}
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
