package tflite

import (
	"slices"

	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
)

// The runtime refuses files in which an operator that moves 8-bit integers reads them
// under one scale and gives them under another, though it is another only in the last
// bit: some kernels do, and XNNPACK does for the operators that it takes.

// scaleless are the operators that are refused too where only the result has a scale, or
// that then pad with its zero point.
var scaleless = []fb.Code{fb.Concatenation, fb.MirrorPad, fb.Pad, fb.PadV2}

// tied reports whether tensor t, which has no scale yet, cannot get q without becoming
// what the runtime refuses.
func (w *writer) tied(t int, q *fb.Quant) bool {
	at := slices.IndexFunc(w.m.Operators, func(o fb.Operator) bool { return slices.Contains(o.Outputs, t) })
	if at < 0 {
		return false
	}
	o := w.m.Operators[at]
	return slices.ContainsFunc(o.Inputs, func(i int) bool {
		if i < 0 || w.m.Tensors[i].Type != w.m.Tensors[t].Type {
			return false
		}
		have := w.m.Tensors[i].Quant
		return !sameQuant(have, q) && (have != nil || slices.Contains(scaleless, o.Code))
	})
}

// joinsAlike reports whether n joins 8-bit integers that all have the same scale, bit by
// bit, which their concatenation then keeps.
func (w *writer) joinsAlike(n *ir.Node) bool {
	if n.Op != "Concat" || n.Out(0).DType.Bits() != 8 || !n.Out(0).DType.IsInt() {
		return false
	}
	first, ok := w.held[n.In(0)]
	return ok && w.m.Tensors[first.t].Quant != nil && !slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool {
		h, ok := w.held[v]
		return !ok || w.m.Tensors[h.t].Type != w.m.Tensors[first.t].Type || !sameQuant(w.m.Tensors[h.t].Quant, w.m.Tensors[first.t].Quant)
	})
}
