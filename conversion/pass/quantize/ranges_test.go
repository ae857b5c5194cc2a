package quantize

import (
	"math"
	"slices"
	"sort"
	"testing"

	"slipway/conversion/tensor"
)

func TestParams(t *testing.T) {
	for _, c := range []struct {
		r         Range
		d         tensor.DType
		symmetric bool
		zero      int64
		scale     float64
	}{
		{Range{0, 255}, tensor.Uint8, false, 0, 1},
		{Range{0, 255}, tensor.Int8, false, -128, 1},
		{Range{-127.5, 127.5}, tensor.Uint8, false, 128, 1},
		{Range{10, 255}, tensor.Uint8, false, 0, 1},
		{Range{-255, -3}, tensor.Uint8, false, 255, 1},
		{Range{-5, 127}, tensor.Int8, true, 0, 1},
		{Range{0, 0}, tensor.Int8, false, -128, smallestScale},
	} {
		p := paramsOf(c.r, c.d, c.symmetric)
		if p.Zero != c.zero || math.Abs(float64(p.Scale)-c.scale) > 1e-6 {
			t.Errorf("%v as %v: scale %g, zero point %d, want %g and %d", c.r, c.d, p.Scale, p.Zero, c.scale, c.zero)
		}
	}
}

func TestRangesFromHistograms(t *testing.T) {
	v := tensor.View[float32](noise(1, 1, 200000))
	x := append(slices.Clone(v), 40, -40) // outliers
	h := &Histogram{}
	h.Add(x)
	s := Stats{Min: -40, Max: 40, MeanMin: -40, MeanMax: 40, Hist: h}
	sort.Slice(v, func(i, j int) bool { return v[i] < v[j] })
	errors := map[string]float64{}
	for _, c := range []struct {
		method string
		lo, hi float64 // of the upper end
	}{{"minmax", 40, 40}, {"percentile", 3.6, 4.3}, {"mse", 3.5, 39}, {"entropy", 2.5, 12}} {
		o := Defaults(ONNXRuntime)
		o.Method = c.method
		o.Percentile = 99.99
		r, err := rangeOf(s, o, tensor.Uint8, false)
		if err != nil {
			t.Fatal(err)
		}
		if r.Max < c.lo || r.Max > c.hi || math.Abs(r.Max+r.Min) > 0.15*r.Max {
			t.Errorf("%s chose %v", c.method, r)
		}
		e := 0.0
		p := paramsOf(r, tensor.Uint8, false)
		for _, x := range x {
			q := min(max(math.RoundToEven(float64(x/p.Scale))+float64(p.Zero), 0), 255)
			d := (q-float64(p.Zero))*float64(p.Scale) - float64(x)
			e += d * d
		}
		errors[c.method] = e
	}
	for m, e := range errors {
		if e < errors["mse"] {
			t.Errorf("%s has the squared error %g, mse has %g", m, e, errors["mse"])
		}
	}
	if _, err := rangeOf(Stats{Min: math.NaN(), Max: 1}, Defaults(ONNXRuntime), tensor.Uint8, false); err == nil {
		t.Error("a range that is not a number was accepted")
	}
}

func TestWeights(t *testing.T) {
	w := noise(2, 1, 6, 5, 3)
	tensor.View[float32](w)[0] = 9 // an outlier in channel 0 of axis 0
	for i := 15; i < 30; i++ {
		tensor.View[float32](w)[i] = 0 // channel 1 is all zero
	}
	for _, axis := range []int{0, 1, 2} {
		m := matrixOf(w, axis, true)
		for _, mse := range []bool{false, true} {
			q, s := quantizeWeights(m, 127, mse, nil)
			if len(s) != w.Shape()[axis] {
				t.Fatalf("%d scales along axis %d", len(s), axis)
			}
			for c, scale := range s {
				m.each(c, func(at int, run []float32) {
					for i, x := range run {
						want := math.RoundToEven(min(max(float64(x/scale), -127), 127))
						if float64(q[at+i]) != want {
							t.Fatalf("axis %d, %g at scale %g became %d, want %g", axis, x, scale, q[at+i], want)
						}
					}
				})
				if full := m.squaredError(c, scale, 127); mse {
					_, plain := quantizeWeights(m, 127, false, nil)
					if full > m.squaredError(c, plain[c], 127)*1.0001 {
						t.Errorf("the searched scale of channel %d is worse than the largest weight's", c)
					}
				}
			}
		}
	}
	if q, _ := quantizeWeights(matrixOf(w, 0, true), 64, false, nil); slices.Max(q) > 64 || slices.Min(q) < -64 {
		t.Error("7-bit weights have more than 7 bits")
	}
}

// TestUsualExtremes: one input far beyond all others does not set the range of
// what the model answers, and the others keep theirs whole.
func TestUsualExtremes(t *testing.T) {
	s := Stats{Min: -50, Max: 90, each: []Range{{-1, 3}, {-2, 2}, {-1.5, 3.5}, {-50, 90}, {-1, 2.5}}}
	if got := s.usual(2); got.Min != -3 || got.Max != 6 {
		t.Errorf("range %v to %v, want -3 to 6", got.Min, got.Max)
	}
	s = Stats{Min: -2, Max: 3, each: []Range{{-1, 3}, {-2, 2}, {-1, 2}}}
	if got := s.usual(2); got.Min != -2 || got.Max != 3 {
		t.Errorf("range %v to %v, want what was seen", got.Min, got.Max)
	}
}

// TestMeanOfExtremes: one input far beyond all others moves the mean of the extremes
// little; what is not a number is kept.
func TestMeanOfExtremes(t *testing.T) {
	s := Stats{each: []Range{{-1, 2}, {-2, 1}, {-1, 1}, {-1, 1}, {-3000, 5000}}}
	got := s.without(nil)
	if got.Min != -3000 || got.Max != 5000 || math.Abs(got.MeanMin+(1+2+1+1+8)/5.0) > 1e-9 || math.Abs(got.MeanMax-(2+1+1+1+8)/5.0) > 1e-9 {
		t.Errorf("%+v", got)
	}
	if got := s.without(map[int]bool{4: true}); got.MeanMin != -1.25 || got.MeanMax != 1.25 || got.Max != 2 {
		t.Errorf("without the last: %+v", got)
	}
	s.each[0].Max = math.NaN()
	if got := s.without(nil); !math.IsNaN(got.MeanMax) || !math.IsNaN(got.Max) || math.IsNaN(got.Min) {
		t.Errorf("with what is not a number: %+v", got)
	}
}

// TestMeanOfChannels: an input far beyond all others has hardly a part in the means
// that biases are corrected by.
func TestMeanOfChannels(t *testing.T) {
	s := Stats{}
	for _, x := range []float64{1, 2, 3, 8000} {
		s.each = append(s.each, Range{-x, x})
		if err := s.addMeans("x", []float64{x, -x}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.addMeans("x", []float64{1}); err == nil {
		t.Error("another number of channels is taken")
	}
	got := s.complete().Mean // the median input goes to 3, so 8000 weighs as 24 does, squared
	w := 24.0 * 24 / 8000 / 8000
	if want := (6 + 8000*w) / (3 + w); len(got) != 2 || math.Abs(got[0]-want) > 1e-9 || math.Abs(got[1]+want) > 1e-9 {
		t.Errorf("%v, not %v", got, want)
	}
	// Corrections are kept from one fold to the next: all have the same means.
	whole := s.complete()
	if part := whole.without(map[int]bool{0: true}); part.Mean[0] != got[0] {
		t.Errorf("of some inputs %v, not %v", part.Mean, got)
	}
}
