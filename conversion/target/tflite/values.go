package tflite

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// read is the tensor that holds v in the given order: as int8 where quantized
// asks for it, else in v's own type.
func (w *writer) read(v *ir.Value, order layout.Perm, quantized bool) (int, error) {
	if v == nil {
		return 0, fmt.Errorf("an input is missing")
	}
	if v.IsConst() {
		return w.constant(v.Const, order)
	}
	if w.lazy[v] {
		return w.weight(v, nil, order, quantized)
	}
	h, ok := w.held[v]
	if !ok && w.told[v] {
		return w.sizeValue(v)
	}
	if !ok {
		return 0, fmt.Errorf("reads %q, which is not there yet", v.Name)
	}
	switch {
	case quantized:
	case h.quant != nil && v.DType == tensor.Float32:
		h = w.dequantized(v, h)
	case v.DType == tensor.Uint8 && w.m.Tensors[h.t].Type == fb.Int8:
		if h = w.unsigned(h); w.node != nil && !w.joinsAlike(w.node) {
			h = w.bare(h)
		}
	case (v.DType == tensor.Int8 || v.DType == tensor.Uint8) && w.m.Tensors[h.t].Quant != nil && w.node != nil && !ignoresScale[w.node.Op] && !w.joinsAlike(w.node):
		h = w.bare(h)
	}
	return w.order(h.t, h.order, order, v.Shape), nil
}

// dequantized is the floating-point form of a value held as int8.
func (w *writer) dequantized(v *ir.Value, h held) held {
	key := moveKey{h.t, "float"}
	t, ok := w.moved[key]
	if !ok {
		t = w.floatTensor(w.m.Tensors[h.t].Shape)
		w.op(fb.Dequantize, nil, []int{h.t}, t)
		w.moved[key] = t
	}
	return held{t: t, order: h.order}
}

// unsigned is a value held as int8 in its own type, uint8.
func (w *writer) unsigned(h held) held {
	key := moveKey{h.t, "unsigned"}
	t, ok := w.moved[key]
	if !ok {
		t = w.temp(h.t, w.m.Tensors[h.t].Shape)
		w.m.Tensors[t].Type = fb.Uint8
		w.m.Tensors[t].Quant = (&qparam{h.quant.scale, h.quant.zero + 128}).quant()
		w.op(fb.Quantize, nil, []int{h.t}, t)
		w.moved[key] = t
	}
	return held{t: t, order: h.order}
}

// ignoresScale lists the nodes whose spellings take 8-bit integers as they are,
// whatever their quantization says; others compute with what they stand for.
var ignoresScale = map[string]bool{
	"Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Identity": true, "Transpose": true, "Slice": true, "Split": true,
	"Gather": true, "Expand": true, "Tile": true, "Cast": true, "DequantizeLinear": true, "QuantizeLinear": true, "MaxPool": true,
	"SpaceToDepth": true, "DepthToSpace": true,
}

// bare is a tensor of 8-bit integers without the scale that it was made by.
func (w *writer) bare(h held) held {
	key := moveKey{h.t, "bare"}
	t, ok := w.moved[key]
	if !ok {
		t = w.apartOf(h.t)
		w.m.Tensors[t].Quant = nil
		w.moved[key] = t
	}
	return held{t: t, order: h.order}
}

// floatTensor makes a nameless float32 tensor.
func (w *writer) floatTensor(dims []int32) int {
	t, _ := w.tensor("", tensor.Float32, dims, nil)
	return t
}

// order is tensor t, which holds a value of the given logical shape in order
// from, in order to. Each transposition is made once.
func (w *writer) order(t int, from, to layout.Perm, shape ir.Shape) int {
	if from.Equal(to) {
		return t
	}
	key := moveKey{t, fmt.Sprint([]int(to.Full(len(shape))))}
	if y, ok := w.moved[key]; ok {
		return y
	}
	y := w.permute(t, from.To(to, len(shape)))
	w.moved[key] = y
	return y
}

// permute writes t with axis k of the result being axis perm[k] of t: nothing
// where that is no change, a RESHAPE where only axes of size 1 move.
func (w *writer) permute(t int, perm layout.Perm) int {
	if perm.IsIdentity() {
		return t
	}
	dims := layout.Apply(perm, w.m.Tensors[t].Shape)
	if sameBytes(w.m.Tensors[t].Shape, perm) && unknowns(dims) <= 1 {
		return w.reshape(t, dims)
	}
	y := w.temp(t, dims)
	p := make([]int32, len(perm))
	for k, a := range perm {
		p[k] = int32(a)
	}
	w.op(fb.Transpose, nil, []int{t, w.int32s(p)}, y)
	return y
}

func sameBytes(dims []int32, perm layout.Perm) bool {
	last := -1
	for _, a := range perm {
		if dims[a] == 1 {
			continue
		}
		if a < last {
			return false
		}
		last = a
	}
	return true
}

// operand is input i of an operator that broadcasts to the given rank and works
// in the given order: constants are reordered while writing, operands of lower
// rank are lifted first.
func (e *emitter) operand(i, rank int, order layout.Perm) (int, error) {
	v := e.n.In(i)
	if v == nil {
		return 0, fmt.Errorf("input %d is missing", i)
	}
	order = order.Full(rank)
	if v.IsConst() {
		t := v.Const
		if !order.IsIdentity() && t.Len() > 1 {
			lifted, err := t.Reshape(lift(t.Shape(), rank)...)
			if err != nil {
				return 0, err
			}
			t = lifted
			if e.quant {
				return e.quantConst(t, order)
			}
			return e.constant(t, order)
		}
		if e.quant {
			return e.quantConst(t, nil)
		}
		return e.constant(t, nil)
	}
	if e.lazy[v] {
		shape, ok := v.Shape.Ints()
		if !ok {
			return 0, fmt.Errorf("constant %q has no static shape", v.Name)
		}
		return e.weight(v, lift(shape, rank), order, e.quant)
	}
	if v.Rank() == rank {
		return e.read(v, order, e.quant)
	}
	t, err := e.read(v, nil, e.quant)
	if err != nil || order.IsIdentity() {
		return t, err
	}
	dims := lift(e.m.Tensors[t].Shape, rank)
	if unknowns(dims) <= 1 {
		return e.permute(e.reshape(t, dims), order), nil
	}
	lifted := make(ir.Shape, rank-v.Rank(), rank)
	for i := range lifted {
		lifted[i] = ir.Static(1)
	}
	shape, err := e.sizeList(append(lifted, v.Shape...))
	if err != nil {
		return 0, fmt.Errorf("operand %q of lower rank: %w", v.Name, err)
	}
	y := e.temp(t, dims)
	e.op(fb.Reshape, nil, []int{t, shape}, y)
	return e.permute(y, order), nil
}

// lift prepends axes of size 1.
func lift[T int | int32](dims []T, rank int) []T {
	out := make([]T, 0, rank)
	for i := len(dims); i < rank; i++ {
		out = append(out, 1)
	}
	return append(out, dims...)
}
