package quantize

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Runner runs graphs for calibration. The caller owns the implementation: the
// graph is written in some format and opened on a runtime.
type Runner interface {
	// Open prepares g, which must not change until the Running is closed.
	Open(ctx context.Context, g *ir.Graph) (Running, error)
}

// Running is one opened graph. Run takes inputs in the order of the graph's
// inputs and returns outputs in the order of its outputs. Only one goroutine
// calls it at a time, or as many as Lanes says; results are the caller's.
type Running interface {
	Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error)
	Close() error
}

// Wide is implemented by a Running that several goroutines may call at a time.
type Wide interface{ Lanes() int }

// Narrow is implemented by a Runner that can also prepare a graph for few inputs,
// on one core; several are open at a time.
type Narrow interface {
	OpenNarrow(ctx context.Context, g *ir.Graph) (Running, error)
}

// Batches yields calibration inputs, each in the order of the graph's inputs.
// Calibrate ranges over it once.
type Batches = iter.Seq2[[]*tensor.Tensor, error]

// Calibrate measures every tensor that static quantization of g by o needs and
// returns the measurements by tensor name, for Options.Stats. Minima, maxima and
// means are computed inside the running graph, so that only scalars come out of
// it; methods that need more look at whole tensors of the first
// o.HistogramInputs inputs, which then are run only for that. progress, if not
// nil, is told the number of inputs done.
func Calibrate(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches, progress func(done int)) (map[string]Stats, error) {
	m, err := measure(ctx, g, reg, o, r, batches, progress, 0)
	if err != nil {
		return nil, err
	}
	return m.stats, nil
}

// measured is what calibration saw: measurements, and inputs with g's outputs for
// them, as far as they were kept.
type measured struct {
	stats   map[string]Stats
	samples []sample
	patches map[*ir.Node]*patches
	kept    [][]*tensor.Tensor // the first inputs
	looked  int                // so many of them were looked at element by element
}

// sample is one calibration input that was run, index its place among them.
type sample struct {
	index   int
	in, out []*tensor.Tensor
}

// measure calibrates. Of the inputs behind those that are looked at element by
// element, or of all where there are no others, it keeps as many as keep bytes
// hold.
func measure(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches, progress func(done int), keep int) (*measured, error) {
	p := NewPlan(g, o)
	m := &measured{stats: map[string]Stats{}}
	values, channels := p.values(), p.channels()
	if len(values) == 0 {
		return m, nil
	}
	f := newFeed(batches, keep)
	defer f.stop()
	c := &collector{stats: map[string]*Stats{}, progress: progress, patches: map[string][]*patches{}}
	var outs [][]*tensor.Tensor
	if o.histograms() {
		whole, seen := expose(g, values, channels)
		if keep > 0 {
			m.patches = p.collects(o.HistogramInputs)
			for _, s := range m.patches {
				if !slices.Contains(c.patches[s.value], s) {
					c.patches[s.value] = append(c.patches[s.value], s)
				}
			}
		}
		err := c.pass(ctx, r, whole, f.next(o.HistogramInputs), func(out []*tensor.Tensor) error {
			if keep > 0 {
				outs = append(outs, seen.results(out))
			}
			return c.elements(seen, out)
		})
		if err != nil {
			return nil, err
		}
	}
	looked := c.done
	if f.more() {
		tapped, slots, err := tap(g, reg, values, channels)
		if err != nil {
			return nil, fmt.Errorf("quantize: calibration graph: %w", err)
		}
		err = c.pass(ctx, r, tapped, f.next(math.MaxInt), func(out []*tensor.Tensor) error {
			if own := len(g.Outputs); keep > 0 && len(out) > own {
				outs = append(outs, out[:own])
			}
			return c.scalars(slots, out)
		})
		if err != nil {
			return nil, err
		}
	}
	if c.done == 0 {
		return nil, fmt.Errorf("quantize: there are no calibration inputs")
	}
	m.kept, m.looked = f.kept, looked
	m.take(c)
	if looked == c.done {
		looked = 0
	}
	for i := range min(len(f.kept), len(outs)) {
		if i >= looked {
			m.samples = append(m.samples, sample{i, f.kept[i], outs[i]})
		}
	}
	return m, nil
}

// take adds what c collected.
func (m *measured) take(c *collector) {
	for name, s := range c.stats {
		m.stats[name] = s.complete()
	}
}

type collector struct {
	stats    map[string]*Stats
	progress func(int)
	done     int
	patches  map[string][]*patches
}

// pass runs g on the inputs, several at a time where r can, and gives the results
// to take in the order of the inputs.
func (c *collector) pass(ctx context.Context, r Runner, g *ir.Graph, batches Batches, take func([]*tensor.Tensor) error) error {
	s, err := r.Open(ctx, g)
	if err != nil {
		return fmt.Errorf("quantize: calibration: %w", err)
	}
	defer s.Close()
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for a := range answers(ctx, s, batches, &running) {
		got := <-a
		if got.err == nil {
			got.err = take(got.out)
		}
		if got.err != nil {
			return fmt.Errorf("quantize: calibration input %d: %w", c.done, got.err)
		}
		c.done++
		if c.progress != nil {
			c.progress(c.done)
		}
	}
	return ctx.Err()
}

// slot says where a tensor's measurements stand among the outputs of the tapped
// graph; -1 where one is not taken.
type slot struct {
	name           string
	min, max, mean int
}

// tap copies g and adds minima, maxima and means to its outputs.
func tap(g *ir.Graph, reg *op.Registry, values []*ir.Value, channels map[*ir.Value]int) (*ir.Graph, []slot, error) {
	t := g.Clone()
	byName := map[string]*ir.Value{}
	for _, v := range t.Values() {
		byName[v.Name] = v
	}
	node := func(op string, attrs ir.Attrs, in ...*ir.Value) (*ir.Value, error) {
		n := t.AddNode(op, "calibrate", attrs, in, "calibrated")
		return n.Outputs[0], reg.Infer(n)
	}
	add := func(op string, v *ir.Value, axes []int64) (int, error) {
		in := []*ir.Value{v}
		if axes != nil {
			in = append(in, t.AddConst("axes", tensor.Of(axes, len(axes))))
		}
		w, err := node(op, ir.Attrs{"keepdims": int64(0)}, in...)
		t.Outputs = append(t.Outputs, w)
		return len(t.Outputs) - 1, err
	}
	var slots []slot
	for _, orig := range values {
		v := byName[orig.Name]
		if v == nil {
			return nil, nil, fmt.Errorf("%q is not in the graph", orig.Name)
		}
		s := slot{name: v.Name, min: -1, mean: -1}
		var err error
		// What a Relu gives needs no minimum: every range holds zero.
		if lo, _, ok := boundsOf(v); !ok || lo < 0 {
			if s.min, err = add("ReduceMin", v, nil); err != nil {
				return nil, nil, err
			}
		}
		axis, ok := channels[orig]
		if s.min < 0 && ok && axis == 1 && v.Rank() == 4 {
			// Pools over whole pictures read what convolutions give in any layout.
			most, err := node("GlobalMaxPool", nil, v)
			if err != nil {
				return nil, nil, err
			}
			mean, err := node("GlobalAveragePool", nil, v)
			if err != nil {
				return nil, nil, err
			}
			if s.max, err = add("ReduceMax", most, nil); err != nil {
				return nil, nil, err
			}
			if s.mean, err = add("ReduceMean", mean, []int64{0, 2, 3}); err != nil {
				return nil, nil, err
			}
			slots = append(slots, s)
			continue
		}
		if s.max, err = add("ReduceMax", v, nil); err != nil {
			return nil, nil, err
		}
		if ok && v.Rank() > axis {
			axes := []int64{}
			for i := range v.Rank() {
				if i != axis {
					axes = append(axes, int64(i))
				}
			}
			if s.mean, err = add("ReduceMean", v, axes); err != nil {
				return nil, nil, err
			}
		}
		slots = append(slots, s)
	}
	return t, slots, nil
}

// boundsOf are the limits of a tensor that a Relu or Clip gives, also through
// operators that only move its elements.
func boundsOf(v *ir.Value) (lo, hi float64, ok bool) {
	for n := v.Node(); n != nil; n = n.In(0).Node() {
		if lo, hi, ok = bounds(n); ok {
			return lo, hi, true
		}
		switch n.Op {
		case "MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "GlobalAveragePool", "AveragePool", "Identity":
		default:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// exposed says where whole tensors stand among the outputs of a graph.
type exposed struct {
	values []exposure
	own    []int // the graph's own outputs
}

type exposure struct {
	name     string
	at       int
	positive bool // it has no values below zero
	axis     int  // of the channels whose means are wanted; -1: none
}

func (e *exposed) results(out []*tensor.Tensor) []*tensor.Tensor {
	var own []*tensor.Tensor
	for _, i := range e.own {
		if i < len(out) {
			own = append(own, out[i])
		}
	}
	return own
}

// expose copies g and makes the tensors outputs, beside its own.
func expose(g *ir.Graph, values []*ir.Value, channels map[*ir.Value]int) (*ir.Graph, *exposed) {
	t := g.Clone()
	byName := map[string]*ir.Value{}
	for _, v := range t.Values() {
		byName[v.Name] = v
	}
	e := &exposed{}
	for i := range t.Outputs {
		e.own = append(e.own, i)
	}
	for _, v := range values {
		w := byName[v.Name]
		at := slices.Index(t.Outputs, w)
		if at < 0 {
			if w == nil || w.Node() == nil {
				// An input of the model is its own output nowhere.
				n := t.AddNode("Identity", "calibrate", nil, []*ir.Value{w}, "calibrated")
				n.Outputs[0].DType, n.Outputs[0].Shape = w.DType, w.Shape
				w = n.Outputs[0]
			}
			at = len(t.Outputs)
			t.Outputs = append(t.Outputs, w)
		}
		x := exposure{name: v.Name, at: at, axis: -1}
		if lo, _, ok := boundsOf(v); ok && lo >= 0 {
			x.positive = true
		}
		if axis, ok := channels[v]; ok && v.Rank() > axis {
			x.axis = axis
		}
		e.values = append(e.values, x)
	}
	return t, e
}

func (c *collector) of(name string) *Stats {
	if c.stats[name] == nil {
		c.stats[name] = &Stats{}
	}
	return c.stats[name]
}

func (c *collector) scalars(slots []slot, out []*tensor.Tensor) error {
	for _, s := range slots {
		if max(s.min, s.max, s.mean) >= len(out) || s.min >= 0 && out[s.min].Len() != 1 || out[s.max].Len() != 1 {
			return fmt.Errorf("the runtime returned no measurements of %q", s.name)
		}
		st := c.of(s.name)
		lo, hi := 0.0, out[s.max].Float64s()[0]
		if s.min >= 0 {
			lo = out[s.min].Float64s()[0]
		}
		if s.mean >= 0 {
			m := out[s.mean].Float64s()
			if err := st.addMeans(s.name, m); err != nil {
				return err
			}
			for _, x := range m {
				hi += x * 0 // a pool may pass over what is not a number
			}
		}
		st.each = append(st.each, Range{lo, hi})
	}
	return nil
}

func (c *collector) elements(seen *exposed, out []*tensor.Tensor) error {
	for _, x := range seen.values {
		if x.at >= len(out) {
			return fmt.Errorf("the runtime returned no values of %q", x.name)
		}
		s, t := c.of(x.name), out[x.at]
		if s.Hist == nil {
			s.Hist = &Histogram{}
		}
		v := t.Float32s()
		s.Hist.Add(v)
		for _, p := range c.patches[x.name] {
			p.take(t, v)
		}
		lo, hi := extremes(v)
		if x.positive {
			lo = 0
		}
		s.each = append(s.each, Range{lo, hi})
		if x.axis < 0 {
			continue
		}
		if err := s.addMeans(x.name, means(t, v, x.axis)); err != nil {
			return err
		}
	}
	return nil
}
