package quantize

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"slipway/conversion/tensor"
)

// Stats are measurements of one tensor over all calibration inputs.
type Stats struct {
	Min, Max float64
	// MeanMin and MeanMax average the extremes of the single inputs.
	MeanMin, MeanMax float64
	// Mean along the axis that the weights of its reader sum over; nil where no
	// reader needs it.
	Mean []float64
	// Hist counts elements; nil for the method minmax.
	Hist *Histogram

	each  []Range     // the extremes of the single inputs
	means [][]float32 // of the single inputs, whose weighted mean is Mean
}

// meanReach times the extremes of the median input are as far as those of a single
// one count in the mean of the extremes: one a thousand times as large as all
// others would be most of it.
const meanReach = 8

// without is s with its extremes from the other inputs than skip.
func (s *Stats) without(skip map[int]bool) Stats {
	out := *s
	out.Min, out.Max, out.MeanMin, out.MeanMax = math.Inf(1), math.Inf(-1), 0, 0
	out.each = nil
	for i, r := range s.each {
		if skip[i] {
			continue
		}
		out.each = append(out.each, r)
		out.Min, out.Max = lesser(out.Min, r.Min), -lesser(-out.Max, -r.Max)
	}
	n := float64(len(out.each))
	if n == 0 {
		return *s
	}
	lo, hi, known := out.median(meanReach)
	for _, r := range out.each {
		if far := max(-lo, hi); known {
			r = Range{-lesser(-r.Min, far), lesser(r.Max, far)}
		}
		out.MeanMin, out.MeanMax = out.MeanMin+r.Min/n, out.MeanMax+r.Max/n
	}
	return out
}

// complete is s with its extremes and means from all inputs.
func (s *Stats) complete() Stats {
	out := s.without(nil)
	if len(s.means) > 0 {
		lo, hi, known := s.median(meanReach)
		out.Mean, out.means = s.mean(max(-lo, hi), known), nil
	}
	return out
}

// mean is that of the channels over the inputs. Those whose extremes lie beyond far,
// if it is known, weigh as much less as the square of their size says: a correction
// that they ask for is an error for all others, relative to what those give.
func (s *Stats) mean(far float64, known bool) []float64 {
	out := make([]float64, len(s.means[0]))
	total := 0.0
	for i, m := range s.means {
		w := 1.0
		if size := max(-s.each[i].Min, s.each[i].Max); known && size > far {
			w = (far / size) * (far / size)
		}
		for c, x := range m {
			out[c] += w * float64(x)
		}
		total += w
	}
	for c := range out {
		out[c] /= total
	}
	return out
}

// usual is s without what single inputs have beyond reach times the extremes of the
// median input: one answer a hundred times as large as all others would leave them
// few integers.
func (s *Stats) usual(reach float64) Stats {
	out := *s
	if lo, hi, ok := s.median(reach); ok {
		out.Min, out.Max = max(s.Min, lo), min(s.Max, hi)
	}
	return out
}

// median is reach times the median of the inputs' extremes, which hold zero; false
// where there are too few inputs or nothing but zeros in half of them.
func (s *Stats) median(reach float64) (lo, hi float64, ok bool) {
	if len(s.each) < 3 {
		return 0, 0, false
	}
	low, high := make([]float64, len(s.each)), make([]float64, len(s.each))
	for i, r := range s.each {
		low[i], high[i] = r.Min, r.Max
	}
	slices.Sort(low)
	slices.Sort(high)
	lo, hi = min(low[len(low)/2], 0), max(high[len(high)/2], 0)
	return reach * lo, reach * hi, lo < hi
}

// lesser is the minimum; NaN wins, so that it is found later.
func lesser(a, b float64) float64 {
	if a != a || a < b {
		return a
	}
	return b
}

// addMeans keeps one input's means of the channels.
func (s *Stats) addMeans(name string, m []float64) error {
	if len(s.means) > 0 && len(m) != len(s.means[0]) {
		return fmt.Errorf("%q has %d channels in one input and %d in another", name, len(s.means[0]), len(m))
	}
	v := make([]float32, len(m))
	for i, x := range m {
		v[i] = float32(x)
	}
	s.means = append(s.means, v)
	return nil
}

// extremes are the least and the largest element, NaN if there is one; of no
// elements zeros.
func extremes(v []float32) (lo, hi float64) {
	if len(v) == 0 {
		return 0, 0
	}
	least, most, sum := v[0], v[0], float32(0)
	for _, x := range v {
		if x < least {
			least = x
		} else if x > most {
			most = x
		}
		sum += x * 0 // NaN for whatever is not finite
	}
	if sum != sum {
		return math.NaN(), math.NaN()
	}
	return float64(least), float64(most)
}

// means of the elements v of t for each index of an axis.
func means(t *tensor.Tensor, v []float32, axis int) []float64 {
	outer, channels, inner := 1, 1, 1
	for i, d := range t.Shape() {
		switch {
		case i < axis:
			outer *= d
		case i == axis:
			channels = d
		default:
			inner *= d
		}
	}
	out := make([]float64, channels)
	for o := range outer {
		for c := range channels {
			at := (o*channels + c) * inner
			var sum float64
			for _, x := range v[at : at+inner] {
				sum += float64(x)
			}
			out[c] += sum
		}
	}
	for c := range out {
		out[c] /= float64(max(1, outer*inner))
	}
	return out
}

// histogramShift leaves sign, exponent and six bits of the fraction: bins are
// 1.6 % wide at every magnitude, and no range has to be known beforehand.
const histogramShift = 17

const histogramBins = 1 << (32 - histogramShift)

// Histogram counts float32 values by magnitude in bins of fixed relative width.
// The zero value is empty. Not safe for concurrent use.
type Histogram struct {
	count []uint64
	zeros uint64
}

// aloneBelow is the number of elements that one core counts sooner than several
// have added up their bins.
const aloneBelow = 1 << 19

// Add counts all elements of v, a large tensor's on all cores.
func (h *Histogram) Add(v []float32) {
	if h.count == nil {
		h.count = make([]uint64, histogramBins)
	}
	if len(v) < aloneBelow {
		for _, x := range v {
			h.count[math.Float32bits(x)>>histogramShift]++
		}
		h.fold()
		return
	}
	var mu sync.Mutex
	tensor.Parallel(len(v), aloneBelow/2, func(lo, hi int) {
		local := make([]uint32, histogramBins)
		for _, x := range v[lo:hi] {
			local[math.Float32bits(x)>>histogramShift]++
		}
		mu.Lock()
		defer mu.Unlock()
		for i, n := range local {
			h.count[i] += uint64(n)
		}
	})
	h.fold()
}

// fold moves both zeros and the subnormals, the first bins of their signs, to
// where zeros are counted.
func (h *Histogram) fold() {
	h.zeros += h.count[0] + h.count[histogramBins/2]
	h.count[0], h.count[histogramBins/2] = 0, 0
}

// bin is a run of equal bins: its middle and how many elements are in it.
type bin struct {
	x float64
	n float64
}

// bins lists the occupied bins from the lowest value to the highest, without
// zero and without what is not finite.
func (h *Histogram) bins() []bin {
	var out []bin
	if h == nil || h.count == nil {
		return nil
	}
	half := histogramBins / 2
	top := 0xff << (23 - histogramShift)
	for i := half + top - 1; i > half; i-- {
		if h.count[i] > 0 {
			out = append(out, bin{-middle(i - half), float64(h.count[i])})
		}
	}
	for i := 1; i < top; i++ {
		if h.count[i] > 0 {
			out = append(out, bin{middle(i), float64(h.count[i])})
		}
	}
	return out
}

func middle(i int) float64 {
	lo := math.Float32frombits(uint32(i) << histogramShift)
	hi := math.Float32frombits(uint32(i+1) << histogramShift)
	return (float64(lo) + float64(hi)) / 2
}

// percentile gives the range that holds the share p (0..1) of all elements,
// cutting equally much at both ends.
func (h *Histogram) percentile(p float64) (lo, hi float64) {
	b := h.bins()
	total := float64(h.zeros)
	for _, x := range b {
		total += x.n
	}
	cut := total * (1 - p) / 2
	sum := 0.0
	for _, x := range b {
		if sum += x.n; sum > cut {
			lo = x.x
			break
		}
	}
	sum = 0
	for i := len(b) - 1; i >= 0; i-- {
		if sum += b[i].n; sum > cut {
			hi = b[i].x
			break
		}
	}
	return min(lo, 0), max(hi, 0)
}
