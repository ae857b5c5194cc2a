package verify

import (
	"fmt"
	"math/rand/v2"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Samples makes n reproducible inputs for a model: normal random numbers, then
// one of zeros and one of ones from the third on (they show constant errors that
// noise hides), then more noise. Integer inputs get small non-negative numbers.
// Dynamic dimensions become what dims says by input name, else 1.
func Samples(ios []runtimes.IO, n int, dims map[string][]int) ([][]*tensor.Tensor, error) {
	out := make([][]*tensor.Tensor, n)
	for s := range out {
		rng := rand.New(rand.NewPCG(20261121, uint64(s)))
		for _, io := range ios {
			shape := append([]int{}, io.Shape...)
			for i, d := range shape {
				if d < 0 {
					shape[i] = 1
					if k := dims[io.Name]; i < len(k) && k[i] > 0 {
						shape[i] = k[i]
					}
				}
			}
			count, err := tensor.NumElements(shape)
			if err != nil {
				return nil, fmt.Errorf("verify: input %q: %w", io.Name, err)
			}
			v := make([]float64, count)
			for i := range v {
				switch {
				case io.DType == tensor.Bool:
					v[i] = float64(rng.IntN(2))
				case io.DType.IsInt():
					v[i] = float64(rng.IntN(8))
				case s == 2:
					v[i] = 0
				case s == 3:
					v[i] = 1
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
