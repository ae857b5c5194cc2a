package openvino

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/internal/dl"
)

type session struct {
	rt *Runtime
	f  *api

	mu                sync.Mutex
	compiled, request handle
	closed            bool
	inputs, outputs   []runtimes.IO
	profile, ran      bool
}

// describe makes the infer request and reads the ports, with the names that they
// have in model; the last outputs carry the taps' names.
func (s *session) describe(model handle, taps []string) error {
	var nIn, nOut uintptr
	err := s.rt.call("open", func() int32 { return s.f.inputCount(s.compiled, &nIn) })
	if err == nil {
		err = s.rt.call("open", func() int32 { return s.f.outputCount(s.compiled, &nOut) })
	}
	if err != nil {
		return err
	}
	if s.inputs, err = s.ports("input", nIn, s.f.inputPort); err != nil {
		return err
	}
	if s.outputs, err = s.ports("output", nOut, s.f.outputPort); err != nil {
		return err
	}
	// Simplifying gives a compiled model's ports further names, of tensors that
	// turned out to be the same; what the file calls them is what counts.
	s.rename(s.inputs, model, s.f.modelInput)
	s.rename(s.outputs, model, s.f.modelOutput)
	for i, name := range taps {
		s.outputs[len(s.outputs)-len(taps)+i].Name = name
	}
	return s.rt.call("open", func() int32 { return s.f.newRequest(s.compiled, &s.request) })
}

// rename gives ports the names that they have in the model as it was read.
func (s *session) rename(list []runtimes.IO, model handle, get func(handle, uintptr, *handle) int32) {
	for i := range list {
		var port handle
		if get(model, uintptr(i), &port) != statusOK {
			continue
		}
		var name unsafe.Pointer
		if s.f.portName(port, &name) == statusOK {
			list[i].Name = dl.String(name)
			s.f.free(name)
		}
		s.f.portFree(port)
	}
}

func (s *session) ports(kind string, n uintptr, get func(handle, uintptr, *handle) int32) ([]runtimes.IO, error) {
	list := make([]runtimes.IO, n)
	for i := range n {
		var port handle
		if err := s.rt.call("open", func() int32 { return get(s.compiled, i, &port) }); err != nil {
			return nil, err
		}
		io, err := s.port(port)
		s.f.portFree(port)
		if err != nil {
			return nil, err
		}
		if io.Name == "" {
			io.Name = fmt.Sprintf("%s_%d", kind, i)
		}
		list[i] = io
	}
	return list, nil
}

func (s *session) port(port handle) (runtimes.IO, error) {
	var io runtimes.IO
	var name unsafe.Pointer
	// A port without a tensor name is an error here; its number names it then.
	if s.f.portName(port, &name) == statusOK {
		io.Name = dl.String(name)
		s.f.free(name)
	}
	var kind uint32
	if err := s.rt.call("open", func() int32 { return s.f.portType(port, &kind) }); err != nil {
		return io, err
	}
	dtype, ok := elementTypes[kind]
	if !ok {
		return io, runtimes.Refuse(Name, "open", "tensor %q has element type %d, which cannot be passed", io.Name, kind)
	}
	io.DType = dtype
	var shape ovPartialShape
	if err := s.rt.call("open", func() int32 { return s.f.portShape(port, &shape) }); err != nil {
		return io, err
	}
	defer s.f.pshapeFree(&shape)
	if shape.rank.min != shape.rank.max {
		return io, nil
	}
	io.Shape = make([]int, shape.rank.max)
	if len(io.Shape) == 0 {
		return io, nil
	}
	for i, d := range unsafe.Slice((*ovDimension)(shape.dims), len(io.Shape)) {
		io.Shape[i] = -1
		if d.min == d.max {
			io.Shape[i] = int(d.max)
		}
	}
	return io, nil
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
	for i, t := range inputs {
		if err := s.setInput(uintptr(i), t); err != nil {
			return nil, err
		}
	}
	if err := s.infer(ctx); err != nil {
		return nil, err
	}
	s.ran = true
	outputs := make([]*tensor.Tensor, len(s.outputs))
	for i := range outputs {
		var err error
		if outputs[i], err = s.output(uintptr(i)); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// infer runs the request and cancels it when ctx ends. Only an asynchronous run
// looks whether it was cancelled.
func (s *session) infer(ctx context.Context) error {
	if ctx.Done() == nil {
		return s.rt.call("run", func() int32 { return s.f.infer(s.request) })
	}
	if err := s.rt.call("run", func() int32 { return s.f.start(s.request) }); err != nil {
		return err
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		s.f.cancel(s.request)
	})
	err := s.rt.call("run", func() int32 { return s.f.wait(s.request) })
	if !stop() {
		<-ended
	}
	var status *statusError
	if errors.As(err, &status) && ctx.Err() != nil && status.status == statusCancelled {
		return ctx.Err()
	}
	return err
}

// setInput copies t into the request's own tensor, so that C never keeps a
// pointer into Go memory.
func (s *session) setInput(i uintptr, t *tensor.Tensor) error {
	var ov handle
	if err := s.rt.call("run", func() int32 { return s.f.inputTensor(s.request, i, &ov) }); err != nil {
		return err
	}
	defer s.f.tensorFree(ov)
	have, err := s.shape(ov)
	if err != nil {
		return err
	}
	if !slices.Equal(have, t.Shape()) {
		dims := make([]int64, len(t.Shape())+1)
		for i, d := range t.Shape() {
			dims[i] = int64(d)
		}
		shape := ovShape{rank: int64(t.Rank()), dims: unsafe.Pointer(&dims[0])}
		if err := s.rt.call("run", func() int32 { return s.f.tensorSetShape(ov, shape) }); err != nil {
			return err
		}
	}
	dst, err := s.data(ov)
	if err != nil {
		return err
	}
	if len(dst) != len(t.Bytes()) {
		return runtimes.Refuse(Name, "run", "input %q holds %d bytes, %d were given", s.inputs[i].Name, len(dst), len(t.Bytes()))
	}
	copy(dst, t.Bytes())
	return nil
}

func (s *session) output(i uintptr) (*tensor.Tensor, error) {
	var ov handle
	if err := s.rt.call("run", func() int32 { return s.f.outputTensor(s.request, i, &ov) }); err != nil {
		return nil, err
	}
	defer s.f.tensorFree(ov)
	shape, err := s.shape(ov)
	if err != nil {
		return nil, err
	}
	var kind uint32
	if err := s.rt.call("run", func() int32 { return s.f.tensorType(ov, &kind) }); err != nil {
		return nil, err
	}
	dtype, ok := elementTypes[kind]
	if !ok {
		return nil, runtimes.Refuse(Name, "run", "output %q has element type %d, which cannot be passed", s.outputs[i].Name, kind)
	}
	src, err := s.data(ov)
	if err != nil {
		return nil, err
	}
	t := tensor.New(dtype, shape...)
	if len(src) < len(t.Bytes()) {
		return nil, runtimes.Refuse(Name, "run", "output %q holds %d bytes, shape %v needs %d", s.outputs[i].Name, len(src), shape, len(t.Bytes()))
	}
	copy(t.Bytes(), src)
	return t, nil
}

func (s *session) shape(ov handle) ([]int, error) {
	var c ovShape
	err := s.rt.call("run", func() int32 { return s.f.tensorShape(ov, &c) })
	var status *statusError
	if errors.As(err, &status) && status.status == statusInvalidParam {
		return []int{}, nil // ov_shape_create refuses rank 0, which it is asked for here
	}
	if err != nil {
		return nil, err
	}
	defer s.f.shapeFree(&c)
	dims := make([]int, c.rank)
	if c.rank > 0 {
		for i, d := range unsafe.Slice((*int64)(c.dims), c.rank) {
			dims[i] = int(d)
		}
	}
	return dims, nil
}

// data is the tensor's memory, owned by C and valid while ov is.
func (s *session) data(ov handle) ([]byte, error) {
	var n uintptr
	if err := s.rt.call("run", func() int32 { return s.f.tensorBytes(ov, &n) }); err != nil || n == 0 {
		return nil, err
	}
	var p unsafe.Pointer
	if err := s.rt.call("run", func() int32 { return s.f.tensorData(ov, &p) }); err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), n), nil
}

// Trace implements runtimes.Tracer: the nodes that ran, in execution order,
// with their mean times and execution types such as "brgconv_avx512_I8".
func (s *session) Trace(ctx context.Context) ([]runtimes.LayerTime, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, runtimes.ErrStopped
	case !s.profile:
		return nil, runtimes.Refuse(Name, "trace", "the session was not opened for profiling")
	case !s.ran:
		return nil, runtimes.Refuse(Name, "trace", "nothing was run yet")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var list ovProfilingList
	if err := s.rt.call("trace", func() int32 { return s.f.profiling(s.request, &list) }); err != nil {
		return nil, err
	}
	defer s.f.profilingEnd(&list)
	var out []runtimes.LayerTime
	for _, p := range unsafe.Slice((*ovProfiling)(list.infos), list.size) {
		if p.status == executed {
			out = append(out, runtimes.LayerTime{
				Layer: dl.String(p.name), Type: dl.String(p.kind), Exec: dl.String(p.exec),
				Time: time.Duration(p.realTime) * time.Microsecond,
			})
		}
	}
	return out, nil
}

func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.request != nil {
		s.f.requestFree(s.request)
	}
	if s.compiled != nil {
		s.f.compiledFree(s.compiled)
	}
	return nil
}
