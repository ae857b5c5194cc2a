package ir

import (
	"slices"

	"slipway/conversion/tensor"
)

// Seeds that printing recognises.
const noiseSeeds = 16

// Noise makes a tensor of reproducible pseudo-random elements: multiples of 1/64
// in [-1,1) for floating types, small integers for others. The text form writes
// it as noise(seed). The generator is SplitMix64.
func Noise(d tensor.DType, seed uint64, shape ...int) (*tensor.Tensor, error) {
	n, err := tensor.NumElements(shape)
	if err != nil {
		return nil, err
	}
	v := make([]float64, n)
	state := seed * 0x9e3779b97f4a7c15
	for i := range v {
		v[i] = noiseAt(&state, d)
	}
	return tensor.FromFloat64s(d, v, shape...)
}

func noiseAt(state *uint64, d tensor.DType) float64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	switch {
	case d.IsFloat():
		return float64(int(z>>57)-64) / 64
	case d.IsSigned():
		return float64(int(z>>61) - 4)
	case d == tensor.Bool:
		return float64(z >> 63)
	}
	return float64(z >> 61)
}

// noiseSeed is the seed that t was made from, -1 where it was not.
func noiseSeed(t *tensor.Tensor) int {
	if t.Len() <= listedElements || !t.DType().IsFloat() {
		return -1
	}
	for seed := range noiseSeeds {
		head, err := Noise(t.DType(), uint64(seed), 8)
		if err != nil {
			return -1
		}
		k := len(head.Bytes())
		if !slices.Equal(head.Bytes(), t.Bytes()[:k]) {
			continue
		}
		if all, err := Noise(t.DType(), uint64(seed), t.Shape()...); err == nil && tensor.Equal(all, t) {
			return seed
		}
	}
	return -1
}
