package quantize

import (
	"context"
	"math"
	"runtime"
	"sync"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// tryer tries ways to quantize one graph.
type tryer struct {
	g      *ir.Graph
	reg    *op.Registry
	r      Runner
	folds  []fold
	trials []Trial
	ways   []*Options
	seen   [][]noises // of each trial, by fold; nil where it did not run
	done   int
	lone   float64 // the weight of Pooled in the choice
}

// fold is some inputs, the answers to them, and the measurements of all others.
type fold struct {
	inputs, want [][]*tensor.Tensor
	stats        map[string]Stats
	skip         map[int]bool // the inputs, by their place among all
}

func (t *tryer) add(title string, o *Options) {
	t.trials = append(t.trials, Trial{Method: title, SQNR: math.NaN(), Pooled: math.NaN()})
	t.ways, t.seen = append(t.ways, o), append(t.seen, make([]noises, len(t.folds)))
}

// behind dB on the first fold take a trial out: the other inputs would hardly make
// up for them.
const behind = 4

// run tries what was added since the last time, all on the first fold and the
// better of them on the others. Where the very first is near enough, it is the
// only one.
func (t *tryer) run(ctx context.Context) error {
	var jobs, tried [][2]int
	if t.done == 0 {
		tried = [][2]int{{0, 0}}
		if t.all(ctx, tried); min(t.trials[0].SQNR, t.trials[0].Pooled) >= enough {
			t.trials, t.ways, t.done = t.trials[:1], t.ways[:1], 1
			return ctx.Err()
		}
		t.done = 1
	}
	for ; t.done < len(t.trials); t.done++ {
		jobs = append(jobs, [2]int{t.done, 0})
	}
	tried = append(tried, jobs...)
	t.all(ctx, jobs)
	most := math.Inf(-1)
	for _, seen := range t.seen {
		if s := t.weigh(nearness(seen[:1])); s > most {
			most = s
		}
	}
	jobs = nil
	for _, j := range tried {
		// What failed once, a score of NaN, is not tried again.
		t.trials[j[0]].out = !(t.weigh(nearness(t.seen[j[0]][:1])) >= most-behind)
		for f := 1; f < len(t.folds) && !t.trials[j[0]].out; f++ {
			jobs = append(jobs, [2]int{j[0], f})
		}
	}
	t.all(ctx, jobs)
	return ctx.Err()
}

// all does jobs, each a trial and a fold.
func (t *tryer) all(ctx context.Context, jobs [][2]int) {
	var tries sync.WaitGroup
	free := make(chan struct{}, min(2, runtime.GOMAXPROCS(0))) // more would be too many copies of the model
	for _, j := range jobs {
		tries.Add(1)
		free <- struct{}{}
		go func() {
			defer func() { <-free; tries.Done() }()
			f := t.folds[j[1]]
			o := *t.ways[j[0]]
			o.Stats = f.stats
			if got, err := attempt(ctx, t.g, t.reg, &o, t.r, f.inputs); err == nil {
				t.seen[j[0]][j[1]] = noisesOf(got, f.want)
			}
		}()
	}
	tries.Wait()
	for _, j := range jobs {
		x, seen := &t.trials[j[0]], t.seen[j[0]]
		if j[1] == 0 {
			seen = seen[:1]
		}
		x.SQNR, x.Pooled = nearness(seen)
	}
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

// score is what the choice goes by; NaN for what is out of it.
func (t *tryer) score(i int) float64 {
	if t.trials[i].out {
		return math.NaN()
	}
	return t.weigh(t.trials[i].SQNR, t.trials[i].Pooled)
}

func (t *tryer) weigh(mean, pooled float64) float64 {
	return (1-t.lone)*mean + t.lone*pooled
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
	err := c.pass(ctx, r, q, listed(inputs), func(got []*tensor.Tensor) error {
		out = append(out, got)
		return nil
	})
	return out, err
}
