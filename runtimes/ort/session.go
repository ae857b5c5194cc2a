//go:build cgo

package ort

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	ortgo "github.com/yalue/onnxruntime_go"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// unused names the input that a model without inputs is given, because the
// binding cannot run one.
const unused = "slipway_unused"

type session struct {
	model         string
	options       runtimes.Options
	profileDir    string
	removeProfile func()

	mu              sync.Mutex
	closed          bool
	inputs, outputs []runtimes.IO
	fetch           []output
	symbols         map[string][2]int // dim_param -> input, axis
	patch           patch
	external        bool // weights lie in files of the model's folder
	s               *ortgo.DynamicAdvancedSession
}

// output says how one output is got.
type output struct {
	value
	fetch string       // the tensor to ask for: the output, or its cast
	dtype tensor.DType // of the tensor asked for
	auto  bool         // the library allocates it
}

// prepare reads the model's inputs and outputs and decides what to patch.
func (s *session) prepare() error {
	g, err := scanFile(s.model)
	if err != nil {
		// The library says better what is wrong with a file that it refuses too.
		in, out, libErr := s.inspect(s.model)
		if libErr != nil {
			return libErr
		}
		g = &graph{inputs: in, outputs: out}
	}
	s.external = g.external
	outputs, err := s.tapped(g)
	if err != nil {
		return err
	}
	s.symbols = map[string][2]int{}
	for i, v := range g.inputs {
		if err := supported("input", v); err != nil {
			return err
		}
		s.inputs = append(s.inputs, v.io())
		for axis, d := range v.dims {
			if d.param != "" {
				s.symbols[d.param] = [2]int{i, axis}
			}
		}
	}
	if len(g.inputs) == 0 {
		s.patch.inputs = []string{unused}
	}
	for i, v := range outputs {
		if err := supported("output", v); err != nil {
			return err
		}
		s.outputs = append(s.outputs, v.io())
		o := output{value: v, fetch: v.name, dtype: elementTypes[v.elem]}
		o.auto = o.dtype == tensor.String || !s.known(v)
		if raw(o.dtype) && (o.auto || len(v.dims) == 0) {
			wide := tensor.Float32
			switch o.dtype {
			case tensor.Int4:
				wide = tensor.Int8
			case tensor.Uint4:
				wide = tensor.Uint8
			}
			o.fetch, o.dtype = fmt.Sprintf("slipway_cast_%d", i), wide
			s.patch.casts = append(s.patch.casts, cast{from: v.name, to: o.fetch, elem: int32(wire[wide])})
		}
		s.fetch = append(s.fetch, o)
	}
	return nil
}

// known reports whether the shape of v follows from the inputs' shapes.
func (s *session) known(v value) bool {
	for _, d := range v.dims {
		if _, ok := s.symbols[d.param]; d.size < 0 && !ok {
			return false
		}
	}
	return v.ranked
}

func (s *session) open() error {
	path := s.model
	if !s.patch.empty() {
		patched, remove, err := s.patch.write(s.model, s.beside())
		if err != nil {
			return err
		}
		defer remove()
		path = patched
	}
	so, err := s.sessionOptions(false)
	if err != nil {
		return err
	}
	defer func() { _ = so.Destroy() }()
	var in, out []string
	for _, i := range s.inputs {
		in = append(in, i.Name)
	}
	in = append(in, s.patch.inputs...)
	for _, o := range s.fetch {
		out = append(out, o.fetch)
	}
	s.s, err = ortgo.NewDynamicAdvancedSession(path, in, out, so)
	if err != nil {
		return refuse("open", err)
	}
	return nil
}

func (s *session) Inputs() []runtimes.IO  { return s.inputs }
func (s *session) Outputs() []runtimes.IO { return s.outputs }

func (s *session) Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, runtimes.ErrStopped
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := runtimes.CheckInputs(Name, s.inputs, inputs); err != nil {
		return nil, err
	}
	if s.s == nil {
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	outputs, err := s.run(ctx, inputs)
	if err != nil && s.learn(err.Error()) {
		outputs, err = s.run(ctx, inputs)
	}
	return outputs, err
}

// learn changes how outputs are got after a run that failed for what was
// believed about their shapes; false means that there is nothing to change.
func (s *session) learn(text string) bool {
	changed := false
	misfit := strings.Contains(text, "computed output shape") || strings.Contains(text, "shape verification failed")
	for i := range s.fetch {
		o := &s.fetch[i]
		switch {
		case misfit && !o.auto && !raw(o.dtype):
			// The file declares another shape than the model computes.
			o.auto, changed = true, true
		case strings.Contains(text, "Invalid tensor shape") && o.auto && !o.ranked:
			// The binding allocates no scalars, and tells them as of unknown rank.
			o.auto, o.ranked, changed = false, true, true
		}
	}
	return changed
}

func (s *session) run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	var values []ortgo.Value
	defer func() {
		for _, v := range values {
			if v != nil {
				_ = v.Destroy()
			}
		}
	}()
	if len(s.patch.inputs) > 0 {
		inputs = []*tensor.Tensor{tensor.New(tensor.Float32, 1)}
	}
	for i, t := range inputs {
		v, err := toValue(t, &pin)
		if err != nil {
			return nil, runtimes.Refuse(Name, "run", "input %q: %v", s.inputs[i].Name, err)
		}
		values = append(values, v)
	}
	in := values[:len(values):len(values)]
	out := make([]ortgo.Value, len(s.fetch))
	results := make([]*tensor.Tensor, len(s.fetch))
	for i, o := range s.fetch {
		var err error
		switch {
		case o.auto:
			continue
		case len(o.dims) == 0:
			out[i], err = scalarOutput(o.dtype)
		default:
			results[i] = tensor.New(o.dtype, s.shape(o, inputs)...)
			out[i], err = toValue(results[i], &pin)
		}
		if err != nil {
			return nil, runtimes.Refuse(Name, "run", "output %q: %v", o.name, err)
		}
		values = append(values, out[i])
	}
	if err := s.call(ctx, in, out); err != nil {
		return nil, err
	}
	for i, o := range slices.Backward(s.fetch) {
		if from := s.source(i, inputs, results); from != nil {
			// The library fills the last place that a value has, and none where it
			// was fed: memory that was made for others stays as it is.
			if o.auto {
				values = append(values, out[i])
			}
			t, err := twin(from)
			if err != nil {
				return nil, runtimes.Refuse(Name, "run", "output %q: %v", o.name, err)
			}
			results[i] = t
			continue
		}
		if results[i] == nil {
			if o.auto {
				values = append(values, out[i])
			}
			t, err := fromValue(out[i])
			if err != nil {
				return nil, runtimes.Refuse(Name, "run", "output %q: %v", o.name, err)
			}
			results[i] = t
		}
		if want := elementTypes[o.elem]; results[i].DType() != want {
			t, err := results[i].Cast(want)
			if err != nil {
				return nil, fmt.Errorf("ort: output %q: %w", o.name, err)
			}
			results[i] = t
		}
	}
	return results, nil
}

// call runs the session and ends it early when ctx does.
func (s *session) call(ctx context.Context, in, out []ortgo.Value) error {
	if ctx.Done() == nil {
		if err := s.s.Run(in, out); err != nil {
			return refuse("run", err)
		}
		return nil
	}
	ro, err := ortgo.NewRunOptions()
	if err != nil {
		return refuse("run", err)
	}
	defer func() { _ = ro.Destroy() }()
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = ro.Terminate()
	})
	err = s.s.RunWithOptions(in, out, ro)
	if !stop() {
		<-ended
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && strings.Contains(err.Error(), "terminate flag") {
		return ctx.Err()
	}
	return refuse("run", err)
}

// shape resolves an output's shape from the inputs'.
func (s *session) shape(o output, inputs []*tensor.Tensor) []int {
	shape := make([]int, len(o.dims))
	for i, d := range o.dims {
		shape[i] = int(d.size)
		if d.size < 0 {
			at := s.symbols[d.param]
			shape[i] = inputs[at[0]].Shape()[at[1]]
		}
	}
	return shape
}

// Trace implements runtimes.Tracer. The library writes its profile when the
// session ends, so this ends it; the next Run begins a new one.
func (s *session) Trace(ctx context.Context) ([]runtimes.LayerTime, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, runtimes.ErrStopped
	case s.profileDir == "":
		return nil, runtimes.Refuse(Name, "trace", "the session was not opened for profiling")
	case s.s == nil:
		return nil, runtimes.Refuse(Name, "trace", "nothing was run yet")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err := s.s.Destroy()
	s.s = nil
	if err != nil {
		return nil, refuse("trace", err)
	}
	files, err := filepath.Glob(filepath.Join(s.profileDir, "profile*.json"))
	if err != nil || len(files) == 0 {
		return nil, runtimes.Refuse(Name, "trace", "it wrote no profile")
	}
	defer func() {
		for _, f := range files {
			_ = os.Remove(f)
		}
	}()
	return readProfile(files[len(files)-1])
}

func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.s != nil {
		err = s.s.Destroy()
		s.s = nil
	}
	if s.profileDir != "" {
		s.removeProfile()
	}
	return err
}
