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

// tryer tries ways to quantize one graph.
type tryer struct {
	g            *ir.Graph
	reg          *op.Registry
	r            Runner
	inputs, want [][]*tensor.Tensor
	trials       []Trial
	ways         []*Options
	done         int
	lone         float64 // the weight of Pooled in the choice
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
		if try(0); min(t.trials[0].SQNR, t.trials[0].Pooled) >= enough {
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
	for i := range t.trials {
		if s := t.score(i); s > most {
			most = s
		}
	}
	return max(0, t.first(0, most-margin)), most
}

// score is what the choice goes by.
func (t *tryer) score(i int) float64 {
	x := t.trials[i]
	return (1-t.lone)*x.SQNR + t.lone*x.Pooled
}

// first is the first trial from one on with such a score; -1 where none has it.
func (t *tryer) first(from int, score float64) int {
	for i := from; i < len(t.trials); i++ {
		if t.score(i) >= score {
			return i
		}
	}
	return -1
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
// between 0 and 100, mean over outputs: of the middle one of the inputs, since a
// few that are far from all others should not speak for most, and of all inputs
// together, where they do.
func nearness(got, want [][]*tensor.Tensor) (middle, pooled float64) {
	if len(got) != len(want) || len(want) == 0 {
		return math.NaN(), math.NaN()
	}
	outputs := 0
	for k := range want[0] {
		if !want[0][k].DType().IsFloat() {
			continue
		}
		var all ratio
		var each []float64
		for i := range want {
			w, g := want[i][k].Float64s(), got[i][k].Float64s()
			if len(w) != len(g) {
				return math.NaN(), math.NaN()
			}
			one := ratioOf(g, w)
			all.signal, all.noise = all.signal+one.signal, all.noise+one.noise
			each = append(each, one.dB())
		}
		slices.Sort(each)
		n := len(each)
		middle, pooled, outputs = middle+(each[(n-1)/2]+each[n/2])/2, pooled+all.dB(), outputs+1
	}
	return middle / float64(outputs), pooled / float64(outputs)
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
