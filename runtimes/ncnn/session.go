package ncnn

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// port is an input or output of a model, or a tap.
type port struct {
	blob  string
	layer int   // that makes the blob
	shape []int // that this program noted; nil where the file tells none
	sizes []int // of the blob without a batch, outermost first; nil where open
}

type session struct {
	f       *api
	model   *model
	profile bool

	inputs, outputs []port // the taps stand behind the outputs
	ins, outs       []runtimes.IO

	mu     sync.Mutex
	closed bool
	net    handle
	runs   int
	spent  map[int]time.Duration // by layer
}

// describe finds inputs, outputs and taps.
func (s *session) describe(taps []string) error {
	m := s.model
	for i, l := range m.layers {
		for k, b := range l.out {
			p := port{blob: b, layer: i}
			if shape, ok := l.given(k); ok {
				p.shape = shape
			}
			switch {
			case l.kind == "Input":
				p.sizes = l.sizes()
				name := l.name
				if len(l.out) > 1 {
					name = b
				}
				s.inputs = append(s.inputs, p)
				s.ins = append(s.ins, runtimes.IO{Name: name, DType: m.dtype(b), Shape: p.open()})
			case !m.read[b]:
				p.sizes = l.hint(k)
				s.outputs = append(s.outputs, p)
			}
		}
	}
	// The blobs of an ordinary model are called in0, in1 … and out0, out1 …; their
	// layers can stand in another order.
	slices.SortStableFunc(s.outputs, func(a, b port) int { return ordinal("out", a.blob) - ordinal("out", b.blob) })
	order := make([]int, len(s.inputs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return ordinal("in", s.inputs[a].blob) - ordinal("in", s.inputs[b].blob) })
	ports, ios := s.inputs, s.ins
	s.inputs, s.ins = nil, nil
	for _, i := range order {
		s.inputs, s.ins = append(s.inputs, ports[i]), append(s.ins, ios[i])
	}
	if len(s.outputs) == 0 {
		return runtimes.Refuse(Name, "open", "the model gives nothing: every blob is read")
	}
	for _, t := range taps {
		at, ok := m.producer[t]
		if !ok {
			return runtimes.Refuse(Name, "open", "there is no blob %q to tap", t)
		}
		s.outputs = append(s.outputs, port{blob: t, layer: at})
	}
	for _, p := range s.outputs {
		s.outs = append(s.outs, runtimes.IO{Name: p.blob, DType: m.dtype(p.blob), Shape: p.open()})
	}
	return nil
}

// open is the shape as the session tells it: as it was noted, else that of the
// blob behind an open batch, nil where nothing is known.
func (p port) open() []int {
	switch {
	case p.shape != nil:
		return p.shape
	case p.sizes != nil:
		return append([]int{-1}, p.sizes...)
	}
	return nil
}

// ordinal is N of prefixN; blobs of other names keep their order.
func ordinal(prefix, blob string) int {
	if n, err := strconv.Atoi(strings.TrimPrefix(blob, prefix)); err == nil && strings.HasPrefix(blob, prefix) {
		return n
	}
	return 0
}

func (s *session) Inputs() []runtimes.IO  { return s.ins }
func (s *session) Outputs() []runtimes.IO { return s.outs }

// Run implements runtimes.Session.
func (s *session) Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, runtimes.ErrStopped
	}
	if err := runtimes.CheckInputs(Name, s.ins, inputs); err != nil {
		return nil, err
	}
	batch, err := s.batch(inputs)
	if err != nil {
		return nil, err
	}
	var parts [][]*tensor.Tensor
	for b := range batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, err := s.one(inputs, b, batch)
		if err != nil {
			return nil, err
		}
		parts = append(parts, one)
	}
	return join(parts)
}

// batched reports whether an input's first axis is the batch that this package
// adds.
func (p port) batched(t *tensor.Tensor) bool {
	return p.shape == nil && (p.sizes != nil || t.Rank() > 1 && t.Shape()[0] == 1)
}

// batch is the number of elements to run one after the other.
func (s *session) batch(inputs []*tensor.Tensor) (int, error) {
	batch := -1
	for i, t := range inputs {
		if !s.inputs[i].batched(t) {
			continue
		}
		if n := t.Shape()[0]; batch < 0 {
			batch = n
		} else if n != batch {
			return 0, runtimes.Refuse(Name, "run", "input %q has a batch of %d, another one of %d", s.ins[i].Name, n, batch)
		}
	}
	if batch == 0 {
		return 0, runtimes.Refuse(Name, "run", "the batch is empty")
	}
	return max(batch, 1), nil
}

// one runs element b of the batch.
func (s *session) one(inputs []*tensor.Tensor, b, batch int) ([]*tensor.Tensor, error) {
	ex := s.f.newExtractor(s.net)
	if ex == nil {
		return nil, runtimes.Refuse(Name, "run", "it has no memory for a run")
	}
	defer s.f.extractorFree(ex)
	stacked := false
	for i, t := range inputs {
		p := s.inputs[i]
		data, dims := t.Bytes(), p.sizes
		if p.batched(t) {
			stacked = true
			size := len(data) / batch
			data = data[b*size : (b+1)*size]
		}
		if dims == nil {
			if dims = t.Shape(); p.batched(t) {
				dims = dims[1:]
			}
			if len(dims) == 0 {
				dims = []int{1}
			}
		}
		if err := s.feed(ex, p.blob, s.ins[i].Name, dims, data); err != nil {
			return nil, err
		}
	}
	out := make([]*tensor.Tensor, len(s.outputs))
	began := time.Now()
	for _, step := range s.steps() {
		m, err := s.extract(ex, step.blob)
		if err != nil {
			return nil, err
		}
		if s.profile {
			now := time.Now()
			s.spent[step.layer] += now.Sub(began)
			began = now
		}
		err = s.take(m, step, stacked, out)
		s.f.matFree(m)
		if err != nil {
			return nil, err
		}
	}
	s.runs++
	return out, nil
}

// feed hands over an input.
func (s *session) feed(ex handle, blob, name string, dims []int, data []byte) error {
	n, err := tensor.NumElements(dims)
	if err != nil || len(dims) > 4 || n*4 != len(data) || n == 0 {
		return runtimes.Refuse(Name, "run", "input %q: %d bytes do not fill a blob of %v", name, len(data), dims)
	}
	m := s.f.mat(dims)
	if m == nil {
		return runtimes.Refuse(Name, "run", "input %q: no memory for %v", name, dims)
	}
	defer s.f.matFree(m) // the extractor holds the memory by a count of its own
	if !s.f.bytes(m, dims, func(dst []byte) { data = data[copy(dst, data):] }) {
		return runtimes.Refuse(Name, "run", "input %q: no memory for %v", name, dims)
	}
	if status := s.f.input(ex, blob, m); status != 0 {
		return runtimes.Refuse(Name, "run", "it does not take input %q (status %d)", name, status)
	}
	return nil
}

func (s *session) extract(ex handle, blob string) (handle, error) {
	var m handle
	status := s.f.extract(ex, blob, &m)
	if status == 0 && m != nil {
		return m, nil
	}
	if m != nil {
		s.f.matFree(m)
	}
	l := s.model.layers[s.model.producer[blob]]
	return nil, runtimes.Refuse(Name, "run", "blob %q of the %s layer %s does not come (status %d)", blob, l.kind, l.name, status)
}

// take copies a blob to the outputs that it is. stacked says that the inputs
// carry a batch.
func (s *session) take(m handle, step step, stacked bool, out []*tensor.Tensor) error {
	if len(step.results) == 0 {
		return nil
	}
	shape := s.f.shape(m)
	size, pack := int(s.f.size(m)), s.f.pack(m)
	n, err := tensor.NumElements(shape)
	if err != nil || len(shape) == 0 || size != 4 || pack != 1 {
		return runtimes.Refuse(Name, "run", "blob %q comes as %v with %d bytes in %d lanes", step.blob, shape, size, pack)
	}
	data := make([]byte, 0, n*4)
	if !s.f.bytes(m, shape, func(src []byte) { data = append(data, src...) }) {
		return runtimes.Refuse(Name, "run", "blob %q is empty", step.blob)
	}
	for _, k := range step.results {
		dims := s.outputs[k].shape
		switch {
		case dims != nil:
			if want, err := tensor.NumElements(dims); err != nil || want != n {
				return runtimes.Refuse(Name, "run", "output %q comes as %v, the file says %v", step.blob, shape, dims)
			}
		case stacked:
			dims = append([]int{1}, shape...)
		default:
			dims = shape
		}
		if out[k], err = tensor.FromBytes(s.outs[k].DType, dims, slices.Clone(data)); err != nil {
			return fmt.Errorf("ncnn: %w", err)
		}
	}
	return nil
}

// join puts the elements of a batch behind each other.
func join(parts [][]*tensor.Tensor) ([]*tensor.Tensor, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	out := make([]*tensor.Tensor, len(parts[0]))
	for k, first := range parts[0] {
		shape := slices.Clone(first.Shape())
		shape[0] = len(parts)
		var data []byte
		for _, p := range parts {
			data = append(data, p[k].Bytes()...)
		}
		var err error
		if out[k], err = tensor.FromBytes(first.DType(), shape, data); err != nil {
			return nil, runtimes.Refuse(Name, "run", "the elements of the batch give outputs of different sizes: %v", err)
		}
	}
	return out, nil
}

// Close implements runtimes.Session.
func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.net != nil {
		s.f.netFree(s.net)
	}
	return nil
}
