package quantize

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Range is the interval of real numbers that a tensor's integers cover.
type Range struct{ Min, Max float64 }

// Params are the scale and zero point of one tensor.
type Params struct {
	Scale float32
	Zero  int64
	Type  tensor.DType
}

// limitsOf are the ends of an integer type.
func limitsOf(d tensor.DType) (lo, hi float64) {
	if d == tensor.Uint8 {
		return 0, 255
	}
	return -128, 127
}

// smallestScale keeps divisions by a scale finite.
const smallestScale = 1e-8

// paramsOf spreads the type's levels over r, widened to hold zero exactly:
// asymmetric s = (max-min)/255, z = round(qmin - min/s); symmetric
// s = max|x|/127, z = 0.
func paramsOf(r Range, d tensor.DType, symmetric bool) Params {
	lo, hi := min(r.Min, 0), max(r.Max, 0)
	qlo, qhi := limitsOf(d)
	if symmetric {
		s := max(-lo, hi) / 127
		return Params{float32(max(s, smallestScale)), 0, d}
	}
	s := float32(max((hi-lo)/(qhi-qlo), smallestScale))
	z := math.RoundToEven(qlo - lo/float64(s))
	return Params{s, int64(min(max(z, qlo), qhi)), d}
}

// rangeOf chooses the range of a measured tensor.
func rangeOf(s Stats, o *Options, d tensor.DType, symmetric bool) (Range, error) {
	if math.IsNaN(s.Min+s.Max) || math.IsInf(s.Min, 0) || math.IsInf(s.Max, 0) {
		return Range{}, fmt.Errorf("its values are not finite")
	}
	r := Range{s.Min, s.Max}
	if s.Hist == nil || !o.histograms() {
		lo, hi := s.Min+o.Tighten*(s.MeanMin-s.Min), s.Max+o.Tighten*(s.MeanMax-s.Max)
		if o.Tighten < 0 && s.Min >= 0 {
			lo = s.Min
		}
		return Range{lo, hi}, nil
	}
	switch o.Method {
	case "percentile":
		r.Min, r.Max = s.Hist.percentile(o.Percentile / 100)
	case "mse":
		r = leastSquares(s.Hist.bins(), r, symmetric)
	case "entropy":
		r = leastDivergence(s.Hist, r)
	}
	// The bins are wider than the data: never beyond what was seen.
	return Range{max(r.Min, min(s.Min, 0)), min(r.Max, max(s.Max, 0))}, nil
}

// prefix holds sums over the bins below each index.
type prefix struct{ n, x, xx []float64 }

func prefixOf(b []bin) prefix {
	p := prefix{make([]float64, len(b)+1), make([]float64, len(b)+1), make([]float64, len(b)+1)}
	for i, v := range b {
		p.n[i+1] = p.n[i] + v.n
		p.x[i+1] = p.x[i] + v.n*v.x
		p.xx[i+1] = p.xx[i] + v.n*v.x*v.x
	}
	return p
}

// between is the sum over bins [i,j) of n*(x-a)^2.
func (p prefix) between(i, j int, a float64) float64 {
	n, x, xx := p.n[j]-p.n[i], p.x[j]-p.x[i], p.xx[j]-p.xx[i]
	return max(0, xx-2*a*x+a*a*n)
}

// leastSquares searches the clipping range with the least expected squared
// error: step^2/12 for what is inside, the squared distance for what is
// clipped, the square itself for what rounds to zero.
func leastSquares(b []bin, seen Range, symmetric bool) Range {
	if len(b) == 0 {
		return seen
	}
	p := prefixOf(b)
	find := func(x float64) int { // first bin at or above x
		lo, hi := 0, len(b)
		for lo < hi {
			if m := (lo + hi) / 2; b[m].x < x {
				lo = m + 1
			} else {
				hi = m
			}
		}
		return lo
	}
	cost := func(r Range) float64 {
		step := (r.Max - r.Min) / 255
		i, j := find(r.Min), find(r.Max)
		zi, zj := max(i, find(-step/2)), min(j, find(step/2))
		c := p.between(0, i, r.Min) + p.between(j, len(b), r.Max)
		inside := p.n[j] - p.n[i]
		if zj > zi {
			c += p.between(zi, zj, 0)
			inside -= p.n[zj] - p.n[zi]
		}
		return c + inside*step*step/12
	}
	full := Range{min(seen.Min, 0), max(seen.Max, 0)}
	if symmetric {
		a := max(-full.Min, full.Max)
		full = Range{-a, a}
	}
	best, least := full, cost(full)
	try := func(r Range) {
		if r.Max > r.Min {
			if c := cost(r); c < least {
				best, least = r, c
			}
		}
	}
	const steps = 100
	if symmetric {
		for k := steps - 1; k >= 10; k-- {
			f := float64(k) / steps
			try(Range{full.Min * f, full.Max * f})
		}
		return best
	}
	for range 3 {
		at := best
		for k := steps - 1; k >= 10; k-- {
			try(Range{at.Min, full.Max * float64(k) / steps})
		}
		at = best
		for k := steps - 1; k >= 10; k-- {
			try(Range{full.Min * float64(k) / steps, at.Max})
		}
		if best == at {
			break
		}
	}
	return best
}

// leastDivergence clips where the Kullback-Leibler divergence between the
// distribution of magnitudes and its form in 128 levels is least (Migacz,
// "8-bit Inference with TensorRT", GTC 2017), over 2048 bins of |x|.
func leastDivergence(h *Histogram, seen Range) Range {
	const count, levels = 2048, 128
	top := max(-seen.Min, seen.Max)
	if top <= 0 {
		return seen
	}
	ref := make([]float64, count)
	for _, b := range h.bins() {
		// A bin is wider than these near the top: spread it.
		a := math.Abs(b.x) / top * count
		w := max(a/64/2, 0.5)
		lo, hi := max(0, int(a-w)), min(count-1, int(a+w))
		lo = min(lo, hi)
		for i := lo; i <= hi; i++ {
			ref[i] += b.n / float64(hi-lo+1)
		}
	}
	least, clip := math.Inf(1), count
	for n := levels; n <= count; n += 8 {
		if d := divergence(ref, n, levels); d < least {
			least, clip = d, n
		}
	}
	t := top * float64(clip) / count
	return Range{max(seen.Min, -t), min(seen.Max, t)}
}

func divergence(ref []float64, n, levels int) float64 {
	p := append([]float64{}, ref[:n]...)
	for _, x := range ref[n:] {
		p[n-1] += x
	}
	q := make([]float64, n)
	for l := range levels {
		lo, hi := l*n/levels, (l+1)*n/levels
		sum, filled := 0.0, 0
		for i := lo; i < hi; i++ {
			sum += ref[i]
			if ref[i] > 0 {
				filled++
			}
		}
		for i := lo; i < hi && filled > 0; i++ {
			if ref[i] > 0 {
				q[i] = sum / float64(filled)
			}
		}
	}
	sp, sq := 0.0, 0.0
	for i := range p {
		sp += p[i]
		sq += q[i]
	}
	if sp == 0 || sq == 0 {
		return math.Inf(1)
	}
	d := 0.0
	const eps = 1e-4
	for i := range p {
		if p[i] > 0 {
			d += p[i] / sp * math.Log((p[i]/sp)/max(q[i]/sq, eps/float64(n)))
		}
	}
	return d
}

// outputReach is how many times as far as the median input's an output's range goes
// where ranges leave out what is rare.
const outputReach = 2

// ranges chooses the parameters of every marked tensor: tensors that share a
// scale get the union of their ranges.
func (p *Plan) params() (map[*ir.Value]Params, []missed) {
	d, symmetric := p.o.activation()
	group := map[*ir.Value]Range{}
	var bad []missed
	broken := map[*ir.Value]bool{}
	values := p.values()
	for i, v := range values {
		root := p.root(v)
		if _, ok := p.fixed[root]; ok {
			continue
		}
		s, ok := p.o.Stats[v.Name]
		if !ok {
			if !broken[root] {
				bad = append(bad, missed{v.Node(), fmt.Sprintf("%q was not measured", v.Name)})
			}
			broken[root] = true
			continue
		}
		o := p.o
		at := float64(i) / float64(len(values))
		switch {
		case p.g.IsOutput(v):
			// What is clipped here nothing later makes good, and where the largest
			// numbers are is often the answer: what most inputs give is kept whole. Only
			// who asks for mean extremes gets them here as well, wherever else they are cut.
			if o.Tighten < 1 {
				if o.Method != "minmax" || o.Tighten > 0 {
					s = s.usual(outputReach)
				}
				o = o.extremes()
			}
		case o.cutFrom != o.cutTo && (at < o.cutFrom || at >= o.cutTo):
			o = o.extremes()
		}
		r, err := rangeOf(s, o, d, symmetric)
		if err != nil {
			if !broken[root] {
				bad = append(bad, missed{v.Node(), fmt.Sprintf("%q: %v", v.Name, err)})
			}
			broken[root] = true
			continue
		}
		if lo, hi, ok := boundsOf(v); ok {
			r = Range{max(r.Min, min(lo, 0)), min(r.Max, max(hi, 0))}
		}
		if h := p.heard(v); r.Min < h.Min && h.Min < 0 || r.Max > h.Max && h.Max > 0 {
			r = Range{max(r.Min, min(h.Min, 0)), min(r.Max, max(h.Max, 0))}
		}
		if old, ok := group[root]; ok {
			r = Range{min(r.Min, old.Min), max(r.Max, old.Max)}
		}
		group[root] = r
	}
	out := map[*ir.Value]Params{}
	bordered := p.bordered()
	for _, v := range p.values() {
		root := p.root(v)
		if f, ok := p.fixed[root]; ok {
			out[v] = Params{float32(f.scale), f.zero, d}
			continue
		}
		if r, ok := group[root]; ok && !broken[root] {
			out[v] = paramsOf(r, d, symmetric)
			if s := paramsOf(r, tensor.Int8, true); bordered[root] && s.Scale <= out[v].Scale*borderCost {
				out[v] = s
			}
		}
	}
	return out, bad
}
