package quantize

import (
	"math"

	"slipway/conversion/tensor"
)

// noises are signal and noise of each float output, for each input.
type noises [][]ratio

// noisesOf compares the outputs for each input; nil where they do not fit.
func noisesOf(got, want [][]*tensor.Tensor) noises {
	if len(got) != len(want) || len(want) == 0 {
		return nil
	}
	var out noises
	for k := range want[0] {
		if !want[0][k].DType().IsFloat() {
			continue
		}
		each := make([]ratio, len(want))
		for i := range want {
			w, g := want[i][k].Float64s(), got[i][k].Float64s()
			if len(w) != len(g) {
				return nil
			}
			each[i] = ratioOf(g, w)
		}
		out = append(out, each)
	}
	return out
}

// nearness is the signal to quantization noise in dB between 0 and 100, mean over
// outputs: the mean of the inputs', and that of all inputs taken together. NaN
// where a fold is missing.
func nearness(folds []noises) (mean, pooled float64) {
	outputs := 0
	for k := 0; ; k++ {
		var all ratio
		sum, n := 0.0, 0
		for _, f := range folds {
			if f == nil {
				return math.NaN(), math.NaN()
			}
			if k >= len(f) {
				return mean / float64(outputs), pooled / float64(outputs)
			}
			for _, one := range f[k] {
				all.signal, all.noise = all.signal+one.signal, all.noise+one.noise
				sum, n = sum+min(one.dB(), exact), n+1
			}
		}
		mean, pooled, outputs = mean+sum/float64(n), pooled+all.dB(), outputs+1
	}
}

// exact dB are as good as any more for a single input, as of a probability that
// happens to be 1 in both.
const exact = 60

// ratio sums up squares.
type ratio struct{ signal, noise float64 }

func ratioOf(got, want []float64) ratio {
	var s ratio
	for j, w := range want {
		if d := got[j] - w; !math.IsNaN(w) && !math.IsInf(w, 0) {
			s.signal, s.noise = s.signal+w*w, s.noise+d*d
		}
	}
	return s
}

func (s ratio) dB() float64 {
	switch {
	case s.noise == 0:
		return 100
	case s.signal > 0 && s.noise <= s.signal:
		return min(100, 10*math.Log10(s.signal/s.noise))
	}
	return 0
}
