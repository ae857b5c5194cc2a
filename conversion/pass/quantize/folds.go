package quantize

import (
	"cmp"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// trialInputs are as many as the inputs of one fold, trialBytes bound those that
// are kept to choose them from.
const (
	trialInputs = 12
	trialBytes  = 256 << 20
)

// Ways to quantize are tried on mostFolds folds, on fewer where all of them
// together would take more multiply-accumulates than foldWork for one input each.
const (
	mostFolds = 4
	foldWork  = 12e9
)

// work counts the multiply-accumulates of one run.
func work(g *ir.Graph) (macs float64) {
	for _, n := range g.Nodes {
		macs += float64(max(0, op.MACs(n)))
	}
	return macs
}

// folds deals samples out by the size of their answers, so that each fold has its
// share of large and small ones and the first the largest of all. Where only some
// of the inputs were looked at element by element, a fold has no more than half of
// the others: the ranges tried should come from as many inputs as those in the end.
func (m *measured) folds(macs float64) []fold {
	n, count, each := len(m.samples), mostFolds, trialInputs
	if macs*mostFolds > foldWork {
		count = max(1, int(foldWork/macs))
	}
	if n > 0 && m.samples[0].index > 0 {
		each = min(each, (n+1)/2)
	} else {
		count = 1 // the inputs measured element by element cannot be left out again
	}
	if n > 0 {
		each = min(each, n)
		count = min(count, (n+each-1)/each)
		each = min(each, (n+count-1)/count)
	}
	total, order := min(n, count*each), bySize(m.samples)
	out, skip := make([]fold, count), make([]map[int]bool, count)
	for i := range out {
		skip[i] = map[int]bool{}
	}
	for i := range total {
		s, f := order[i*n/total], i%count
		out[f].inputs, out[f].want = append(out[f].inputs, s.in), append(out[f].want, s.out)
		skip[f][s.index] = true
	}
	for i := range out {
		out[i].skip = skip[i]
		out[i].measure(m)
	}
	return out
}

// measure takes the measurements of all inputs but the fold's own.
func (f *fold) measure(m *measured) {
	f.stats = map[string]Stats{}
	for name, s := range m.stats {
		f.stats[name] = s.without(f.skip)
	}
}

// bySize sorts samples from that with the largest outputs, each compared with the
// same output for the others.
func bySize(samples []sample) []sample {
	size := map[int]float64{}
	for k := 0; len(samples) > 0 && k < len(samples[0].out); k++ {
		if !samples[0].out[k].DType().IsFloat() {
			continue
		}
		power, sum := make([]float64, len(samples)), 0.0
		for i, s := range samples {
			for _, x := range s.out[k].Float64s() {
				power[i] += x * x
			}
			sum += power[i]
		}
		for i, s := range samples {
			size[s.index] += power[i] / max(sum, math.SmallestNonzeroFloat64)
		}
	}
	return slices.SortedStableFunc(slices.Values(samples), func(a, b sample) int { return cmp.Compare(size[b.index], size[a.index]) })
}
