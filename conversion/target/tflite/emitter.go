package tflite

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// emitter is what a spelling writes one node with.
type emitter struct {
	*writer
	n     *ir.Node
	also  []*ir.Node  // what is written with the node: added, act
	outs  []*ir.Value // the node's outputs, or those of the last in also
	added *ir.Value   // bias that an addition behind the node brings; nil: none
	act   fb.Activation
	quant bool // compute on int8 tensors
}

// in is the tensor of input i in the order that the plan reads it in.
func (e *emitter) in(i int) (int, error) { return e.read(e.n.In(i), e.inOrder(i), e.quant) }

// inOrder is the order in which in(i) is stored.
func (e *emitter) inOrder(i int) layout.Perm {
	u := ir.Use{Node: e.n, Index: i}
	if e.plan.AsStored[u] {
		return e.held[e.n.In(i)].order
	}
	return e.plan.Read[u]
}

// outOrder is the order in which the plan stores output i.
func (e *emitter) outOrder(i int) layout.Perm { return e.plan.Store[e.n.Out(i)] }

// dims is a value's shape in the given order, -1 for unknown.
func dimsOf(s ir.Shape, order layout.Perm) []int32 {
	d := make([]int32, len(s))
	for i, x := range s {
		d[i] = -1
		if n, ok := x.Int(); ok {
			d[i] = int32(n)
		}
	}
	return layout.Apply(order, d)
}

// outQuant is what output i is quantized with, nil for a float node.
func (e *emitter) outQuant(i int) *qparam {
	if !e.quant {
		return nil
	}
	return e.quantOut[e.outs[i]]
}

// inQuant is what input i is quantized with, nil for a float node.
func (e *emitter) inQuant(i int) *qparam {
	if !e.quant {
		return nil
	}
	return e.held[e.n.In(i)].quant
}

// set makes tensor t, stored in the given order, the node's output i and gives
// it the output's name where it was made for it.
func (e *emitter) set(i, t int, order layout.Perm) {
	v := e.outs[i]
	if v == nil {
		return
	}
	h := held{t: t, order: order}
	if v.DType == tensor.Float32 && e.m.Tensors[t].Type == fb.Int8 {
		h.quant = quantOf(e.m.Tensors[t].Quant)
	}
	e.held[v] = h
	if e.temps[t] {
		delete(e.temps, t)
		e.m.Tensors[t].Name = v.Name
	}
}

// out1 makes the output tensor of a one-operator node, writes the operator and
// sets output 0.
func (e *emitter) out1(code fb.Code, opts fb.Options, order layout.Perm, inputs ...int) error {
	t, err := e.result(0, order)
	if err != nil {
		return err
	}
	e.op(code, opts, inputs, t)
	e.set(0, t, order)
	return nil
}

// result makes a tensor for output i in the given order.
func (e *emitter) result(i int, order layout.Perm) (int, error) {
	v := e.outs[i]
	return e.tensor("", v.DType, dimsOf(v.Shape, order), e.outQuant(i))
}

// tensor makes a tensor. Without a name it gets one later; quantized float
// tensors are int8.
func (w *writer) tensor(name string, d tensor.DType, dims []int32, q *qparam) (int, error) {
	t, ok := fb.TypeOf(d)
	if !ok {
		return 0, fmt.Errorf("element type %v cannot be written", d)
	}
	if q != nil && d == tensor.Float32 {
		t = fb.Int8
	}
	w.m.Tensors = append(w.m.Tensors, fb.Tensor{Name: name, Type: t, Shape: dims})
	i := len(w.m.Tensors) - 1
	if name == "" {
		w.markTemp(i)
	}
	if q != nil {
		w.m.Tensors[i].Quant = q.quant()
	}
	return i, nil
}

// temp makes a nameless tensor of the same type and quantization as like.
func (w *writer) temp(like int, dims []int32) int {
	t := w.m.Tensors[like]
	w.m.Tensors = append(w.m.Tensors, fb.Tensor{Type: t.Type, Shape: dims, Quant: t.Quant})
	w.markTemp(len(w.m.Tensors) - 1)
	return len(w.m.Tensors) - 1
}

// markTemp gives tensor i a provisional name.
func (w *writer) markTemp(i int) {
	base := "model"
	if w.node != nil {
		base = w.node.Name
	}
	w.m.Tensors[i].Name = w.unique(base + "/step")
	w.temps[i] = true
}

// op appends an operator.
func (w *writer) op(code fb.Code, opts fb.Options, inputs []int, outputs ...int) {
	if code == fb.Reshape && len(w.m.Tensors[outputs[0]].Shape) == 0 {
		// A shape without elements counts as one that is not constant, and the
		// runtime then loses the result; without a shape it makes a scalar.
		inputs = inputs[:1]
	}
	w.m.Operators = append(w.m.Operators, fb.Operator{Code: code, Inputs: inputs, Outputs: outputs, Options: opts})
}

// unary applies an operator that keeps shape and type, and returns the result.
func (w *writer) unary(code fb.Code, x int) int {
	y := w.temp(x, w.m.Tensors[x].Shape)
	w.op(code, nil, []int{x}, y)
	return y
}

// binary applies an operator to operands that broadcast to dims.
func (w *writer) binary(code fb.Code, a, b int, dims []int32) int {
	y := w.temp(a, dims)
	w.op(code, arithOptions(code, fb.ActNone), []int{a, b}, y)
	return y
}

func arithOptions(code fb.Code, act fb.Activation) fb.Options {
	switch code {
	case fb.Add:
		return fb.AddOptions{Act: act}
	case fb.Sub:
		return fb.SubOptions{Act: act}
	case fb.Mul:
		return fb.MulOptions{Act: act}
	case fb.Div:
		return fb.DivOptions{Act: act}
	}
	return nil
}

// reshape views tensor t in new dims, of which at most one may be -1.
func (w *writer) reshape(t int, dims []int32) int {
	y := w.temp(t, dims)
	w.op(fb.Reshape, nil, []int{t, w.int32s(dims)}, y)
	return y
}

// copyOf is t in a tensor of its own.
func (w *writer) copyOf(t int) int {
	if unknowns(w.m.Tensors[t].Shape) <= 1 {
		return w.reshape(t, w.m.Tensors[t].Shape)
	}
	y := w.temp(t, w.m.Tensors[t].Shape)
	shape, _ := w.tensor("", tensor.Int32, []int32{int32(len(w.m.Tensors[t].Shape))}, nil)
	w.op(fb.Shape, fb.ShapeOptions{Output: fb.Int32}, []int{t}, shape)
	w.op(fb.Reshape, nil, []int{t, shape}, y)
	return y
}

// apartOf is a copy of t in memory of its own. What RESHAPE gives may lie where
// its input does, and LiteRT (2.3) lets a kernel after it overwrite both though
// another still reads the input; SLICE moves the elements.
func (w *writer) apartOf(t int) int {
	dims := w.m.Tensors[t].Shape
	if len(dims) == 0 || len(dims) > 5 {
		return w.copyOf(t)
	}
	all := make([]int32, len(dims))
	for i := range all {
		all[i] = -1
	}
	y := w.temp(t, dims)
	w.op(fb.Slice, nil, []int{t, w.int32s(make([]int32, len(dims))), w.int32s(all)}, y)
	return y
}

func unknowns(dims []int32) int {
	n := 0
	for _, d := range dims {
		if d < 0 {
			n++
		}
	}
	return n
}
