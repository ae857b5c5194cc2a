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
	Method string  // of Options, or a variation of it
	SQNR   float64 // of the outputs, in dB, mean over outputs and inputs; NaN where the trial did not run
	Pooled float64 // the same of all inputs taken together: those with large outputs weigh most
	Chosen bool
}

// lone is the weight of Pooled in the choice: what most inputs lose for one that is
// far larger than all others counts more, but its answer must not be lost.
const lone = 1.0 / 3

func (t Trial) score() float64 { return (1-lone)*t.SQNR + lone*t.Pooled }

// candidates are the ways that Auto tries, from those that cut off least: none of
// them is the best for every network. The first wins where nothing can be tried.
var candidates = []struct {
	method  string
	tighten float64
	title   string
}{{"minmax", 0, "minmax"}, {"percentile", 0, "percentile"}, {"mse", 0, "mse"}, {"minmax", 0.9, "nearly mean extremes"}, {"minmax", 1, "mean extremes"}}

// margin in dB: who is so near to the best and cuts off less is preferred, since
// inputs that were not seen here may have larger values.
const margin = 0.05

// enough dB end the trials with the first: an error of a hundredth changes no
// decision.
const enough = 40

// Less than poor dB make it try float layers, which have to be worth so many dB.
const (
	poor  = 15
	worth = 3
)

// trialInputs bounds the inputs that each candidate runs on, trialBytes those
// that are kept to choose them from.
const (
	trialInputs = 12
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
	for _, s := range m.held(trialInputs) {
		inputs, want, skip[s.index] = append(inputs, s.in), append(want, s.out), true
	}
	rest := map[string]Stats{}
	for name, s := range m.stats {
		rest[name] = s.without(skip)
	}
	chosen.memo = &memo{}
	t := &tryer{g: g, reg: reg, r: r, inputs: inputs, want: want}
	for _, c := range candidates {
		try := chosen
		try.Method, try.Tighten, try.Stats = c.method, c.tighten, rest
		if !slices.ContainsFunc(t.ways, func(o *Options) bool { return alike(g, o, &try) }) {
			t.add(c.title, &try)
		}
	}
	if err := t.run(ctx); err != nil {
		return nil, nil, err
	}
	best, most := t.best()
	if names := stem(g, &chosen); most < poor && len(names) > 0 {
		// Raw inputs give the first layers ranges that one scale often cannot hold.
		for i := range len(t.ways) {
			try := *t.ways[i]
			try.KeepFloat = append(slices.Clone(try.KeepFloat), names...)
			t.add(t.trials[i].Method+" with the first layers in float", &try)
		}
		if err := t.run(ctx); err != nil {
			return nil, nil, err
		}
		if kept, better := t.best(); better >= most+worth {
			best = kept
		}
	}
	t.trials[best].Chosen = true
	way := t.ways[best]
	chosen.Method, chosen.Tighten, chosen.KeepFloat = way.Method, way.Tighten, way.KeepFloat
	return &chosen, t.trials, nil
}

// tryer tries ways to quantize one graph.
type tryer struct {
	g            *ir.Graph
	reg          *op.Registry
	r            Runner
	inputs, want [][]*tensor.Tensor
	trials       []Trial
	ways         []*Options
	done         int
}

func (t *tryer) add(title string, o *Options) {
	t.trials, t.ways = append(t.trials, Trial{Method: title, SQNR: math.NaN(), Pooled: math.NaN()}), append(t.ways, o)
}

// run tries what was added since the last time. Where the very first is near
// enough, it is the only one.
func (t *tryer) run(ctx context.Context) error {
	try := func(i int) {
		if got, err := attempt(ctx, t.g, t.reg, t.ways[i], t.r, t.inputs); err == nil {
			t.trials[i].SQNR, t.trials[i].Pooled = nearness(got, t.want)
		}
	}
	if t.done == 0 {
		if try(0); t.trials[0].SQNR >= enough {
			t.trials, t.ways = t.trials[:1], t.ways[:1]
		}
		t.done = 1
	}
	var tries sync.WaitGroup
	free := make(chan struct{}, min(2, runtime.GOMAXPROCS(0))) // more would be too many copies of the model
	for ; t.done < len(t.trials); t.done++ {
		i := t.done
		tries.Add(1)
		free <- struct{}{}
		go func() {
			defer func() { <-free; tries.Done() }()
			try(i)
		}()
	}
	tries.Wait()
	return ctx.Err()
}

// best is the first trial within the margin of the best one, and that one's
// score; -Inf where none ran.
func (t *tryer) best() (int, float64) {
	most := math.Inf(-1)
	for _, x := range t.trials {
		if s := x.score(); s > most {
			most = s
		}
	}
	return max(0, slices.IndexFunc(t.trials, func(x Trial) bool { return x.score() >= most-margin })), most
}

// stem names what leads to the first layers that o quantizes the weights of, those
// layers, and what reads them alone: float layers with integers between them would
// lose more than they give. nil where there are few other layers.
func stem(g *ir.Graph, o *Options) []string {
	const layers = 3
	var names []string
	p, products := NewPlan(g, o), 0
	within := map[*ir.Node]bool{}
	for _, n := range g.Nodes {
		outside := func(v *ir.Value) bool { return v != nil && v.Node() != nil && !within[v.Node()] }
		if p.roles[n] == product {
			products++
		}
		if slices.ContainsFunc(n.Inputs, outside) || p.roles[n] == product && products > layers {
			continue
		}
		within[n] = true
		names = append(names, n.Name)
	}
	if products < 4*layers {
		return nil
	}
	return names
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

// held picks at most n samples to try on, at even distances. Where only some of
// the inputs were looked at element by element, no more than half of the others:
// the ranges tried should come from as many inputs as those in the end.
func (m *measured) held(n int) []sample {
	if len(m.samples) > 0 && m.samples[0].index > 0 {
		n = min(n, (len(m.samples)+1)/2)
	}
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

// nearness is the signal to quantization noise of the float outputs, in dB
// between 0 and 100: the mean over outputs and inputs, so that one input that is
// far from all others does not decide alone, and that of each output over all
// inputs, mean over outputs.
func nearness(got, want [][]*tensor.Tensor) (mean, pooled float64) {
	if len(got) != len(want) || len(want) == 0 {
		return math.NaN(), math.NaN()
	}
	n, outputs := 0, 0
	for k := range want[0] {
		if !want[0][k].DType().IsFloat() {
			continue
		}
		var all ratio
		for i := range want {
			w, g := want[i][k].Float64s(), got[i][k].Float64s()
			if len(w) != len(g) {
				return math.NaN(), math.NaN()
			}
			one := ratioOf(g, w)
			all.signal, all.noise = all.signal+one.signal, all.noise+one.noise
			mean, n = mean+one.dB(), n+1
		}
		pooled, outputs = pooled+all.dB(), outputs+1
	}
	return mean / float64(n), pooled / float64(outputs)
}

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
