package quantize

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Trial is what one way to choose ranges made of a graph.
type Trial struct {
	Method string  // as Options has it, or "mean extremes": minmax, wholly tightened
	SQNR   float64 // of the outputs, in dB, mean over outputs and inputs; NaN where the trial did not run
	Chosen bool
}

// candidates are the ways that Auto tries, from those that cut off least: none of
// them is the best for every network. The first wins where nothing can be tried.
var candidates = []struct {
	method  string
	tighten float64
	title   string
}{{"minmax", 0, "minmax"}, {"percentile", 0, "percentile"}, {"mse", 0, "mse"}, {"minmax", 1, "mean extremes"}}

// margin in dB: who is so near to the best and cuts off less is preferred, since
// inputs that were not seen here may have larger values.
const margin = 0.25

// enough dB end the trials with the first: an error of a hundredth changes no
// decision.
const enough = 40

// trialInputs bounds the inputs that each candidate runs on, trialBytes those
// that are kept to choose them from.
const (
	trialInputs = 6
	trialBytes  = 256 << 20
)

// Auto measures g as Calibrate does, once for all methods, quantizes a copy of it
// by each and runs the copies on inputs that had no part in the ranges, where
// there are enough. It returns options, with Stats of all inputs, for the method
// whose outputs are nearest to those of g. The trials come in the order in which
// they were made.
func Auto(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches, progress func(done int)) (*Options, []Trial, error) {
	chosen := *o
	chosen.Method = "percentile" // needs whole tensors, as most candidates do
	m, err := measure(ctx, g, reg, &chosen, r, batches, progress, trialBytes)
	if err != nil {
		return nil, nil, err
	}
	chosen.Stats, chosen.Method, chosen.Tighten = m.stats, candidates[0].method, candidates[0].tighten
	if len(m.stats) == 0 {
		return &chosen, nil, nil
	}
	var inputs, want [][]*tensor.Tensor
	skip := map[int]bool{}
	for _, s := range m.spread(trialInputs) {
		inputs, want, skip[s.index] = append(inputs, s.in), append(want, s.out), true
	}
	rest := map[string]Stats{}
	for name, s := range m.stats {
		rest[name] = s.without(skip)
	}
	chosen.memo = &memo{}
	var trials []Trial
	var ways []*Options
	for _, c := range candidates {
		try := chosen
		try.Method, try.Tighten, try.Stats = c.method, c.tighten, rest
		if !slices.ContainsFunc(ways, func(o *Options) bool { return alike(g, o, &try) }) {
			trials, ways = append(trials, Trial{Method: c.title, SQNR: math.NaN()}), append(ways, &try)
		}
	}
	try := func(i int) {
		if got, err := attempt(ctx, g, reg, ways[i], r, inputs); err == nil {
			trials[i].SQNR = nearness(got, want)
		}
	}
	if try(0); trials[0].SQNR >= enough {
		trials = trials[:1]
	}
	var tries sync.WaitGroup
	free := make(chan struct{}, min(2, runtime.GOMAXPROCS(0))) // more would be too many copies of the model
	for i := 1; i < len(trials); i++ {
		tries.Add(1)
		free <- struct{}{}
		go func() {
			defer func() { <-free; tries.Done() }()
			try(i)
		}()
	}
	tries.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	best := math.Inf(-1)
	for _, t := range trials {
		if t.SQNR > best {
			best = t.SQNR
		}
	}
	for i := range trials {
		if trials[i].SQNR >= best-margin {
			trials[i].Chosen, chosen.Method, chosen.Tighten = true, ways[i].Method, ways[i].Tighten
			return &chosen, trials, nil
		}
	}
	trials[0].Chosen = true
	return &chosen, trials, nil
}

// alike reports whether both give nearly the same ranges.
func alike(g *ir.Graph, a, b *Options) bool {
	pa, _ := NewPlan(g, a).params()
	pb, _ := NewPlan(g, b).params()
	sum := 0.0
	for v, x := range pa {
		y, ok := pb[v]
		if !ok {
			return false
		}
		sum += math.Abs(math.Log(float64(x.Scale) / float64(y.Scale)))
	}
	return len(pa) == len(pb) && sum <= 0.01*float64(len(pa))
}

// spread picks at most n samples at even distances.
func (m *measured) spread(n int) []sample {
	if len(m.samples) <= n {
		return m.samples
	}
	var out []sample
	for i := range n {
		out = append(out, m.samples[i*len(m.samples)/n])
	}
	return out
}

type narrow struct{ Narrow }

func (n narrow) Open(ctx context.Context, g *ir.Graph) (Running, error) { return n.OpenNarrow(ctx, g) }

// attempt runs a quantized copy of g.
func attempt(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, inputs [][]*tensor.Tensor) ([][]*tensor.Tensor, error) {
	q := g.Clone()
	if _, err := Static.Run1(ctx, q, reg, o, nil); err != nil {
		return nil, err
	}
	var out [][]*tensor.Tensor
	c := collector{}
	if n, ok := r.(Narrow); ok {
		r = narrow{n}
	}
	err := c.pass(ctx, r, q, func(yield func([]*tensor.Tensor, error) bool) {
		for _, in := range inputs {
			if !yield(in, nil) {
				return
			}
		}
	}, func(got []*tensor.Tensor) error {
		out = append(out, got)
		return nil
	})
	return out, err
}

// nearness is the signal to quantization noise of the float outputs, in dB: the
// mean over outputs and inputs, each between 0 and 100, so that one input that is
// far from all others does not decide alone.
func nearness(got, want [][]*tensor.Tensor) float64 {
	if len(got) != len(want) {
		return math.NaN()
	}
	sum, n := 0.0, 0
	for i := range want {
		for k, t := range want[i] {
			if !t.DType().IsFloat() {
				continue
			}
			w, g := t.Float64s(), got[i][k].Float64s()
			if len(w) != len(g) {
				return math.NaN()
			}
			sum, n = sum+decibels(g, w), n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

func decibels(got, want []float64) float64 {
	var signal, noise float64
	for j, w := range want {
		if d := got[j] - w; !math.IsNaN(w) && !math.IsInf(w, 0) {
			signal, noise = signal+w*w, noise+d*d
		}
	}
	switch {
	case noise == 0:
		return 100
	case signal > 0 && noise <= signal:
		return min(100, 10*math.Log10(signal/noise))
	}
	return 0
}
