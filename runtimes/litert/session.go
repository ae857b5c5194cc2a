package litert

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/internal/dl"
)

type session struct {
	rt        *Runtime
	f         *api
	id        uintptr
	cancelled atomic.Bool

	mu              sync.Mutex
	closed          bool
	inputs, outputs []runtimes.IO
	openIn, openOut []ir.Shape // nil where the model does not tell
	room            []int      // bytes that buffers of open outputs have had
	inTypes         []tensorType
	outTypes        []tensorType

	model, compiled, profiler handle
	watched                   bool    // the cancel check is installed
	shapes                    [][]int // the inputs' shapes that the buffers fit
	in, out                   []handle
	runs                      int
}

// describe reads the first signature's inputs and outputs.
func (s *session) describe() error {
	var n uintptr
	if err := s.check("open", s.f.signatures(s.model, &n)); err != nil {
		return err
	}
	if n == 0 {
		return runtimes.Refuse(Name, "open", "the model has no signature")
	}
	var sig handle
	if err := s.check("open", s.f.signature(s.model, 0, &sig)); err != nil {
		return err
	}
	var err error
	if s.inputs, s.inTypes, err = s.side(sig, s.f.inputs, s.f.inputName, s.f.inputTensor); err != nil {
		return err
	}
	if s.outputs, s.outTypes, err = s.side(sig, s.f.outputs, s.f.outputName, s.f.outputTensor); err != nil {
		return err
	}
	s.readSizes()
	return nil
}

func (s *session) side(sig handle, count func(handle, *uintptr) int32, name func(handle, uintptr, *unsafe.Pointer) int32,
	get func(handle, uintptr, *handle) int32,
) ([]runtimes.IO, []tensorType, error) {
	var n uintptr
	if err := s.check("open", count(sig, &n)); err != nil {
		return nil, nil, err
	}
	ios, types := make([]runtimes.IO, n), make([]tensorType, n)
	for i := range n {
		var text unsafe.Pointer
		var t handle
		if err := s.check("open", name(sig, i, &text)); err != nil {
			return nil, nil, err
		}
		ios[i].Name = dl.String(text)
		if err := s.check("open", get(sig, i, &t)); err != nil {
			return nil, nil, err
		}
		if err := s.check("open", s.f.typeOf(t, &types[i])); err != nil {
			return nil, nil, err
		}
		dtype, ok := elementTypes[types[i].element]
		if !ok {
			return nil, nil, runtimes.Refuse(Name, "open", "tensor %q has element type %d, which cannot be passed", ios[i].Name, types[i].element)
		}
		ios[i].DType, ios[i].Shape = dtype, types[i].layout.shape()
	}
	return ios, types, nil
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
	if err := s.fit(inputs); err != nil {
		return nil, err
	}
	for i, t := range inputs {
		if err := s.write(s.in[i], t); err != nil {
			return nil, err
		}
	}
	if err := s.invoke(ctx); err != nil {
		return nil, err
	}
	s.runs++
	outputs := make([]*tensor.Tensor, len(s.out))
	for i := range outputs {
		var err error
		if outputs[i], err = s.read(i); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

func (s *session) invoke(ctx context.Context) error {
	if ctx.Done() != nil {
		if !s.watched {
			_, check := callbacks()
			if err := s.check("run", s.f.onCancel(s.compiled, s.id, check)); err != nil {
				return err
			}
			running.Store(s.id, s)
			s.watched = true
		}
		ended := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(ended)
			s.cancelled.Store(true)
		})
		defer func() {
			if !stop() {
				<-ended
			}
			s.cancelled.Store(false)
		}()
	}
	status := s.f.run(s.compiled, 0, uintptr(len(s.in)), first(s.in), uintptr(len(s.out)), first(s.out))
	if status != 0 && s.cancelled.Load() && ctx.Err() != nil {
		s.f.clearErrors(s.compiled)
		return ctx.Err()
	}
	return s.check("run", status)
}

func first(h []handle) *handle {
	if len(h) == 0 {
		return nil
	}
	return &h[0]
}

// fit resizes the model to the inputs' shapes and makes buffers for them, where
// they are not those of the run before.
func (s *session) fit(inputs []*tensor.Tensor) error {
	same := s.shapes != nil
	for i, t := range inputs {
		same = same && slices.Equal(s.shapes[i], t.Shape())
	}
	if same {
		return nil
	}
	s.drop()
	for i, t := range inputs {
		if slices.Contains(s.inputs[i].Shape, -1) {
			dims := make([]int32, t.Rank())
			for k, d := range t.Shape() {
				dims[k] = int32(d)
				s.inTypes[i].layout.dims[k] = int32(d)
			}
			if err := s.check("run", s.f.resize(s.compiled, 0, uintptr(i), &dims[0], uintptr(len(dims)))); err != nil {
				return err
			}
		}
	}
	layouts := make([]layout, len(s.outputs))
	if len(layouts) > 0 {
		if err := s.check("run", s.f.outputLayouts(s.compiled, 0, uintptr(len(layouts)), &layouts[0], true)); err != nil {
			return err
		}
	}
	for i := range s.inputs {
		if err := s.buffer(&s.in, uintptr(i), &s.inTypes[i], s.f.inputNeeds); err != nil {
			return err
		}
	}
	for i, l := range layouts {
		if shape, ok := s.shapeOf(i, inputs); ok && len(shape) <= len(l.dims) && slices.Contains(s.outputs[i].Shape, -1) {
			if err := s.sized(i, shape); err != nil {
				return err
			}
			continue
		}
		if shape := l.shape(); slices.Contains(shape, -1) || s.hangsOnData(i) {
			return runtimes.Refuse(Name, "run", "output %q has shape %v before the run: shapes that depend on values cannot be passed", s.outputs[i].Name, shape)
		}
		s.outTypes[i].layout = l
		if err := s.buffer(&s.out, uintptr(i), &s.outTypes[i], s.f.outputNeeds); err != nil {
			return err
		}
	}
	s.shapes = make([][]int, len(inputs))
	for i, t := range inputs {
		s.shapes[i] = t.Shape()
	}
	return nil
}

// sized makes the buffer of output i for the given shape.
func (s *session) sized(i int, shape []int) error {
	t := &s.outTypes[i]
	n, err := tensor.NumElements(shape)
	if err != nil {
		return runtimes.Refuse(Name, "run", "output %q: %v", s.outputs[i].Name, err)
	}
	for k, d := range shape {
		t.layout.dims[k] = int32(d)
	}
	var buf handle
	// The library still takes the output for what it was in the run before.
	if s.room == nil {
		s.room = make([]int, len(s.outputs))
	}
	s.room[i] = max(s.room[i], (s.outputs[i].DType.ByteSize(n)+63)/64*64, 64)
	if err := s.check("run", s.f.newSized(s.rt.env, hostMemory, t, uintptr(s.room[i]), &buf)); err != nil {
		return err
	}
	s.out = append(s.out, buf)
	return nil
}

func (s *session) buffer(list *[]handle, i uintptr, t *tensorType, needs func(handle, uintptr, uintptr, *handle) int32) error {
	var need, buf handle
	if err := s.check("run", needs(s.compiled, 0, i, &need)); err != nil {
		return err
	}
	if err := s.check("run", s.f.newBuffer(s.rt.env, t, need, &buf)); err != nil {
		return err
	}
	*list = append(*list, buf)
	return nil
}

// locked calls f with the packed bytes of buf.
func (s *session) locked(buf handle, mode int32, f func([]byte)) error {
	var n uintptr
	if err := s.check("run", s.f.packedSize(buf, &n)); err != nil {
		return err
	}
	var p unsafe.Pointer
	if err := s.check("run", s.f.lock(buf, &p, mode)); err != nil {
		return err
	}
	f(unsafe.Slice((*byte)(p), n))
	return s.check("run", s.f.unlock(buf))
}

func (s *session) write(buf handle, t *tensor.Tensor) error {
	have := -1
	err := s.locked(buf, lockWrite, func(dst []byte) {
		if have = len(dst); have == len(t.Bytes()) {
			copy(dst, t.Bytes())
		}
	})
	if err == nil && have != len(t.Bytes()) {
		return runtimes.Refuse(Name, "run", "an input of %d bytes was given where %d are held", len(t.Bytes()), have)
	}
	return err
}

func (s *session) read(i int) (*tensor.Tensor, error) {
	t := tensor.New(s.outputs[i].DType, s.outTypes[i].layout.shape()...)
	have := -1
	err := s.locked(s.out[i], lockRead, func(src []byte) {
		if have = len(src); have == len(t.Bytes()) {
			copy(t.Bytes(), src)
		}
	})
	if err == nil && have != len(t.Bytes()) {
		return nil, runtimes.Refuse(Name, "run", "output %q holds %d bytes where %v needs %d", s.outputs[i].Name, have, t.Shape(), len(t.Bytes()))
	}
	return t, err
}

// drop frees the buffers.
func (s *session) drop() {
	for _, b := range slices.Concat(s.in, s.out) {
		s.f.bufferFree(b)
	}
	s.in, s.out, s.shapes = nil, nil, nil
}

func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.drop()
	if s.compiled != nil {
		s.f.compiledFree(s.compiled)
	}
	if s.model != nil {
		s.f.modelFree(s.model)
	}
	running.Delete(s.id)
	return nil
}
