package tflite

import (
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// tellsSizes reports whether n gives sizes alone, all of which follow from those
// of the graph's inputs: nothing is written for it, and who reads them computes
// them.
func tellsSizes(n *ir.Node) bool {
	for _, v := range n.Outputs {
		if v == nil || v.DType != tensor.Int32 && v.DType != tensor.Int64 || v.Content == nil || v.Rank() < 0 || v.Rank() > 1 {
			return false
		}
		open := false
		for _, d := range v.Content {
			if !d.Follows(ofInputs) {
				return false
			}
			open = open || !d.IsStatic()
		}
		if !open {
			return false // folded ahead, or as cheap as a constant
		}
	}
	return len(n.Outputs) > 0
}

// ofInputs reports whether a size's symbol is one of the graph's inputs: theirs
// have no dots.
func ofInputs(symbol string) bool { return !strings.Contains(symbol, ".") }

// tell notes that n's results are sizes. Those of the graph's outputs are
// written at once.
func (e *emitter) tell() error {
	for _, v := range e.n.Outputs {
		e.told[v] = true
		if !e.g.IsOutput(v) {
			continue
		}
		t, err := e.sizeValue(v)
		if err != nil {
			return err
		}
		e.held[v] = held{t: t}
		e.rename(t, v.Name)
	}
	return nil
}

// sizeValue is v, which holds sizes, as a tensor of its own type and rank.
func (w *writer) sizeValue(v *ir.Value) (int, error) {
	key := moveKey{perm: "told " + v.Name}
	if t, ok := w.moved[key]; ok {
		return t, nil
	}
	e := &emitter{writer: w, n: w.node}
	t, err := e.sizeList(v.Content)
	if err != nil {
		return 0, fmt.Errorf("sizes %q: %w", v.Name, err)
	}
	if v.Rank() == 0 {
		t = e.reshape(t, []int32{})
	}
	if v.DType == tensor.Int64 {
		y, err := e.tensor("", tensor.Int64, slices.Clone(e.m.Tensors[t].Shape), nil)
		if err != nil {
			return 0, err
		}
		e.op(fb.Cast, fb.CastOptions{In: fb.Int32, Out: fb.Int64}, []int{t}, y)
		t = y
	}
	w.moved[key] = t
	return t, nil
}

// fromEnd reports whether constant indices count from an axis' end.
func fromEnd(v *ir.Value) bool {
	x, ok := v.ConstInts()
	return ok && slices.ContainsFunc(x, func(i int64) bool { return i < 0 })
}

// fromFront is constant indices v into an axis of open size, of rank 0 or 1,
// counted from its front.
func (e *emitter) fromFront(v *ir.Value, size ir.Dim) (int, error) {
	x, _ := v.ConstInts()
	list := make(ir.Shape, len(x))
	for i, k := range x {
		if list[i] = ir.Static(k); k < 0 {
			list[i] = size.AddInt(k)
		}
	}
	t, err := e.sizeList(list)
	if err == nil && v.Rank() == 0 {
		t = e.reshape(t, []int32{})
	}
	return t, err
}
