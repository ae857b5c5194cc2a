package quantize

import (
	"context"
	"fmt"
	"iter"
	"math"
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

// Batches yields calibration inputs, each in the order of the graph's inputs.
// Calibrate may range over it twice.
type Batches = iter.Seq2[[]*tensor.Tensor, error]

// Calibrate measures every tensor that static quantization of g by o needs and
// returns the measurements by tensor name, for Options.Stats. Minima, maxima and
// means are computed inside the running graph, so that only scalars come out of
// it; methods that need more look at whole tensors of the first
// o.HistogramInputs inputs. progress, if not nil, is told the number of inputs
// done.
func Calibrate(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches, progress func(done int)) (map[string]Stats, error) {
	p := NewPlan(g, o)
	values, channels := p.values(), p.channels()
	if len(values) == 0 {
		return map[string]Stats{}, nil
	}
	c := &collector{stats: map[string]*Stats{}, progress: progress}
	tapped, slots, err := tap(g, reg, values, channels)
	if err != nil {
		return nil, fmt.Errorf("quantize: calibration graph: %w", err)
	}
	if err := c.pass(ctx, r, tapped, batches, math.MaxInt, func(out []*tensor.Tensor) error { return c.scalars(slots, out) }); err != nil {
		return nil, err
	}
	if c.done == 0 {
		return nil, fmt.Errorf("quantize: there are no calibration inputs")
	}
	if o.histograms() {
		whole, names := expose(g, values)
		if err := c.pass(ctx, r, whole, batches, o.HistogramInputs, func(out []*tensor.Tensor) error { return c.elements(names, out) }); err != nil {
			return nil, err
		}
	}
	stats := map[string]Stats{}
	for name, s := range c.stats {
		s.MeanMin /= float64(c.done)
		s.MeanMax /= float64(c.done)
		for i := range s.Mean {
			s.Mean[i] /= float64(c.done)
		}
		stats[name] = *s
	}
	return stats, nil
}

type collector struct {
	stats    map[string]*Stats
	progress func(int)
	done     int
}

// pass runs g on at most limit inputs, several at a time where r can, and gives
// the results to take in the order of the inputs.
func (c *collector) pass(ctx context.Context, r Runner, g *ir.Graph, batches Batches, limit int, take func([]*tensor.Tensor) error) error {
	s, err := r.Open(ctx, g)
	if err != nil {
		return fmt.Errorf("quantize: calibration: %w", err)
	}
	defer s.Close()
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 0
	for a := range answers(ctx, s, batches, limit, &running) {
		got := <-a
		if got.err == nil {
			got.err = take(got.out)
		}
		if got.err != nil {
			return fmt.Errorf("quantize: calibration input %d: %w", n, got.err)
		}
		n++
		if c.progress != nil {
			c.progress(n)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.done = max(c.done, n)
	return nil
}

type answer struct {
	out []*tensor.Tensor
	err error
}

// answers starts runs ahead of the receiver, so many that s is never called by
// more goroutines than it allows, and sends a channel of one answer for each
// input, in order. The next input is made while the others run. When ctx ends,
// the channel closes early.
func answers(ctx context.Context, s Running, batches Batches, limit int, running *sync.WaitGroup) <-chan chan answer {
	lanes := 1
	if w, ok := s.(Wide); ok {
		lanes = max(1, w.Lanes())
	}
	free := make(chan struct{}, lanes)
	all := make(chan chan answer, lanes)
	running.Add(1)
	go func() {
		defer running.Done()
		defer close(all)
		n := 0
		for in, err := range batches {
			if n >= limit {
				return
			}
			n++
			a := make(chan answer, 1)
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case all <- a:
			case <-ctx.Done():
				return
			}
			if err != nil {
				a <- answer{err: err}
				return
			}
			running.Add(1)
			go func() {
				defer running.Done()
				out, err := s.Run(ctx, in)
				<-free
				a <- answer{out, err}
			}()
		}
	}()
	return all
}

// slot says where a tensor's measurements stand among the outputs of the tapped
// graph; -1 where one is not taken.
type slot struct {
	name           string
	min, max, mean int
}

// tap copies g and replaces its outputs by minima, maxima and means.
func tap(g *ir.Graph, reg *op.Registry, values []*ir.Value, channels map[*ir.Value]int) (*ir.Graph, []slot, error) {
	t := g.Clone()
	byName := map[string]*ir.Value{}
	for _, v := range t.Values() {
		byName[v.Name] = v
	}
	t.Outputs = nil
	add := func(op string, v *ir.Value, axes []int64) (int, error) {
		in := []*ir.Value{v}
		if axes != nil {
			in = append(in, t.AddConst("axes", tensor.Of(axes, len(axes))))
		}
		n := t.AddNode(op, "calibrate", ir.Attrs{"keepdims": int64(0)}, in, "calibrated")
		if err := reg.Infer(n); err != nil {
			return 0, err
		}
		t.Outputs = append(t.Outputs, n.Outputs[0])
		return len(t.Outputs) - 1, nil
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
		if s.max, err = add("ReduceMax", v, nil); err != nil {
			return nil, nil, err
		}
		if axis, ok := channels[orig]; ok && v.Rank() > axis {
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

// expose copies g and replaces its outputs by the tensors themselves.
func expose(g *ir.Graph, values []*ir.Value) (*ir.Graph, []string) {
	t := g.Clone()
	byName := map[string]*ir.Value{}
	for _, v := range t.Values() {
		byName[v.Name] = v
	}
	t.Outputs = nil
	var names []string
	for _, v := range values {
		w := byName[v.Name]
		if w == nil || w.Node() == nil {
			// An input of the model is its own output nowhere.
			n := t.AddNode("Identity", "calibrate", nil, []*ir.Value{w}, "calibrated")
			n.Outputs[0].DType, n.Outputs[0].Shape = w.DType, w.Shape
			w = n.Outputs[0]
		}
		t.Outputs = append(t.Outputs, w)
		names = append(names, v.Name)
	}
	return t, names
}

func (c *collector) of(name string) *Stats {
	if c.stats[name] == nil {
		c.stats[name] = &Stats{Min: math.Inf(1), Max: math.Inf(-1)}
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
		st.Min, st.Max = lesser(st.Min, lo), -lesser(-st.Max, -hi)
		st.MeanMin, st.MeanMax = st.MeanMin+lo, st.MeanMax+hi
		if s.mean < 0 {
			continue
		}
		m := out[s.mean].Float64s()
		if st.Mean == nil {
			st.Mean = make([]float64, len(m))
		}
		if len(m) != len(st.Mean) {
			return fmt.Errorf("%q has %d channels in one input and %d in another", s.name, len(st.Mean), len(m))
		}
		for i, x := range m {
			st.Mean[i] += x
		}
	}
	return nil
}

// lesser is the minimum; NaN wins, so that it is found later.
func lesser(a, b float64) float64 {
	if a != a || a < b {
		return a
	}
	return b
}

func (c *collector) elements(names []string, out []*tensor.Tensor) error {
	if len(out) < len(names) {
		return fmt.Errorf("the runtime returned %d tensors of %d", len(out), len(names))
	}
	for i, name := range names {
		s := c.of(name)
		if s.Hist == nil {
			s.Hist = &Histogram{}
		}
		s.Hist.Add(out[i].Float32s())
	}
	return nil
}
