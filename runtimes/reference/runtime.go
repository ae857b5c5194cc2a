package reference

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Name is the runtime's name.
const Name = "reference"

// Open reads a model file into a graph. close releases what the graph's
// constants alias.
type Open func(ctx context.Context, path string) (g *ir.Graph, close func() error, err error)

// Runtime implements runtimes.Runtime over the operators of a registry.
type Runtime struct {
	open    Open
	reg     *op.Registry
	formats []string
}

var (
	_ runtimes.Runtime = (*Runtime)(nil)
	_ runtimes.Session = (*session)(nil)
	_ runtimes.Tracer  = (*session)(nil)
)

// New makes the runtime. formats name the targets whose artefacts open can
// read; without any it is "onnx".
func New(open Open, reg *op.Registry, formats ...string) *Runtime {
	if len(formats) == 0 {
		formats = []string{"onnx"}
	}
	return &Runtime{open: open, reg: reg, formats: formats}
}

// Info describes the runtime; its version is that of the program, "dev" where the
// program was built from a working tree.
func (r *Runtime) Info() runtimes.Info {
	version := "dev"
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		version = b.Main.Version
	}
	return runtimes.Info{Name: Name, Title: "Built-in reference", Version: version, Library: "built in", Devices: []string{"CPU"}, Formats: r.formats}
}

// Check is nil: nothing has to be installed.
func (r *Runtime) Check(context.Context) error { return nil }

func refused(stage string, err error) error {
	return &runtimes.RefusedError{Runtime: Name, Stage: stage, Text: err.Error()}
}

// Open reads the model and plans its evaluation. Options.Threads and Fast are
// without effect: the arithmetic is always exact.
func (r *Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if o.Device != "" && o.Device != "CPU" {
		return nil, refused("open", fmt.Errorf("device %q is not CPU", o.Device))
	}
	g, closeModel, err := r.open(ctx, m.Path)
	if err != nil {
		return nil, err
	}
	s, err := r.session(g, o)
	if err != nil {
		_ = closeModel()
		return nil, refused("open", err)
	}
	s.close = closeModel
	return s, nil
}

func (r *Runtime) session(g *ir.Graph, o runtimes.Options) (*session, error) {
	want := append([]*ir.Value{}, g.Outputs...)
	if len(o.Taps) > 0 {
		byName := map[string]*ir.Value{}
		for _, v := range g.Values() {
			byName[v.Name] = v
		}
		for _, name := range o.Taps {
			v := byName[name]
			if v == nil {
				return nil, fmt.Errorf("there is no tensor %q to return", name)
			}
			want = append(want, v)
		}
	}
	p, err := Prepare(g, r.reg, want)
	if err != nil {
		return nil, err
	}
	s := &session{program: p}
	for _, v := range g.Inputs {
		s.inputs = append(s.inputs, describe(v))
	}
	for _, v := range want {
		s.outputs = append(s.outputs, describe(v))
	}
	if o.Profile {
		s.times = make(map[*ir.Node]*nodeTime, len(p.nodes))
	}
	return s, nil
}

func describe(v *ir.Value) runtimes.IO {
	io := runtimes.IO{Name: v.Name, DType: v.DType, Shape: make([]int, len(v.Shape))}
	for i, d := range v.Shape {
		io.Shape[i] = -1
		if n, ok := d.Int(); ok {
			io.Shape[i] = int(n)
		}
	}
	return io
}

type session struct {
	program         *Program
	inputs, outputs []runtimes.IO
	close           func() error

	mu    sync.Mutex
	times map[*ir.Node]*nodeTime // nil: not profiled
}

type nodeTime struct {
	total time.Duration
	runs  int
}

func (s *session) Inputs() []runtimes.IO  { return s.inputs }
func (s *session) Outputs() []runtimes.IO { return s.outputs }

// Run checks the inputs against the model and evaluates it.
func (s *session) Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		return nil, runtimes.ErrStopped
	}
	if err := s.check(inputs); err != nil {
		return nil, refused("run", err)
	}
	var h Hooks
	if s.times != nil {
		var start time.Time
		h.Before = func(*ir.Node) { start = time.Now() }
		h.After = func(n *ir.Node) {
			t := s.times[n]
			if t == nil {
				t = &nodeTime{}
				s.times[n] = t
			}
			t.total += time.Since(start)
			t.runs++
		}
	}
	out, err := s.program.Run(ctx, inputs, h)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, refused("run", err)
	}
	for i, t := range out {
		out[i] = own(t)
	}
	return out, nil
}

// own copies t: a result may alias a constant in the model file's memory map,
// which Close releases.
func own(t *tensor.Tensor) *tensor.Tensor {
	switch {
	case t.DType() == tensor.String:
		return t
	case t.DType().IsContainer():
		items := make([]*tensor.Tensor, len(t.Items()))
		for i, x := range t.Items() {
			items[i] = own(x)
		}
		if t.DType() == tensor.Sequence {
			return tensor.NewSequence(items...)
		}
		return tensor.NewOptional(append(items, nil)[0])
	}
	c := tensor.New(t.DType(), t.Shape()...)
	copy(c.Bytes(), t.Bytes())
	return c
}

// check compares types, ranks and sizes; equal symbols must have equal sizes.
func (s *session) check(inputs []*tensor.Tensor) error {
	values := s.program.graph.Inputs
	if len(inputs) != len(values) {
		return fmt.Errorf("%d inputs given, the model has %d", len(inputs), len(values))
	}
	bound := map[string]int{}
	for i, t := range inputs {
		v := values[i]
		if t == nil {
			return fmt.Errorf("input %q is missing", v.Name)
		}
		if v.DType != tensor.Invalid && t.DType() != v.DType {
			return fmt.Errorf("input %q is %v, the model wants %v", v.Name, t.DType(), v.DType)
		}
		if v.Shape == nil || v.DType == tensor.Optional {
			continue
		}
		if t.Rank() != len(v.Shape) {
			return fmt.Errorf("input %q has shape %v, the model wants %v", v.Name, t.Shape(), v.Shape)
		}
		for j, d := range v.Shape {
			have := t.Shape()[j]
			want, known := bound[d.String()]
			if n, ok := d.Int(); ok {
				want, known = int(n), true
			}
			if known && want != have {
				return fmt.Errorf("input %q has shape %v, the model wants %v with dimension %d = %d", v.Name, t.Shape(), v.Shape, j, want)
			}
			bound[d.String()] = have
		}
	}
	return nil
}

// Trace gives the mean time of every node over the runs so far, in node order.
func (s *session) Trace(context.Context) ([]runtimes.LayerTime, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		return nil, runtimes.ErrStopped
	}
	if s.times == nil {
		return nil, fmt.Errorf("the session was opened without profiling")
	}
	var out []runtimes.LayerTime
	for _, n := range s.program.nodes {
		t := s.times[n]
		if t == nil {
			continue
		}
		out = append(out, runtimes.LayerTime{
			Layer: n.Name, Type: n.Op, Exec: "go", SourceLayers: n.Origin,
			Time: t.total / time.Duration(t.runs),
		})
	}
	return out, nil
}

// Close releases the model. Further calls return runtimes.ErrStopped.
func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		return nil
	}
	s.program = nil
	return s.close()
}
