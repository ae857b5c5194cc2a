package tflite

import (
	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
)

// toldCut is what a Slice with bounds that are open sizes takes of an axis.
type toldCut struct {
	axis, step int
	begin, end ir.Dim
	whole      bool // to the end
}

// toldCuts says what n, a Slice, takes of which axes where some of its bounds
// are sizes of the graph's inputs, else nothing.
func toldCuts(n *ir.Node) ([]toldCut, bool) {
	starts, open1, ok1 := bounded(n.In(1))
	ends, open2, ok2 := bounded(n.In(2))
	if !ok1 || !ok2 || !open1 && !open2 || len(starts) != len(ends) {
		return nil, false
	}
	axes, steps := []int64(nil), []int64(nil)
	if v := n.In(3); v != nil {
		if axes, ok1 = v.ConstInts(); !ok1 || len(axes) != len(starts) {
			return nil, false
		}
	}
	if v := n.In(4); v != nil {
		if steps, ok1 = v.ConstInts(); !ok1 || len(steps) != len(starts) {
			return nil, false
		}
	}
	var out []toldCut
	for i := range starts {
		c := toldCut{axis: i, step: 1, begin: starts[i], end: ends[i]}
		if axes != nil {
			if c.axis = int(axes[i]); c.axis < 0 {
				c.axis += n.In(0).Rank()
			}
		}
		if steps != nil {
			c.step = int(steps[i])
		}
		if c.step < 1 {
			return nil, false
		}
		if k, ok := c.end.Int(); ok && k >= maxInt32 {
			c.whole, c.end = true, ir.Static(0)
		}
		for _, d := range []*ir.Dim{&c.begin, &c.end} {
			if k, ok := d.Int(); ok && k < 0 {
				size := n.In(0).Shape[c.axis]
				if !size.Follows(ofInputs) {
					return nil, false
				}
				*d = size.AddInt(max(k, -maxInt32))
			}
		}
		out = append(out, c)
	}
	return out, true
}

// bounded are the elements of v where they are known, or sizes of the graph's
// inputs, which open tells.
func bounded(v *ir.Value) (list []ir.Dim, open, ok bool) {
	if x, ok := v.ConstInts(); ok {
		for _, k := range x {
			list = append(list, ir.Static(k))
		}
		return list, false, true
	}
	if v == nil || v.Content == nil {
		return nil, false, false
	}
	for _, d := range v.Content {
		if !d.Follows(ofInputs) {
			return nil, false, false
		}
		open = open || !d.IsStatic()
	}
	return v.Content, open, true
}

// emitToldSlice writes STRIDED_SLICE with bounds that are computed.
func emitToldSlice(e *emitter, cuts []toldCut) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order, rank := e.inOrder(0), e.n.In(0).Rank()
	begin, end, step := make(ir.Shape, rank), make(ir.Shape, rank), make([]int32, rank)
	opts := fb.StridedSliceOptions{}
	for k := range step {
		step[k] = 1
		opts.BeginMask |= 1 << k
		opts.EndMask |= 1 << k
	}
	for _, c := range cuts {
		k := order.Axis(c.axis)
		begin[k], end[k], step[k] = c.begin, c.end, int32(c.step)
		opts.BeginMask &^= 1 << k
		if !c.whole {
			opts.EndMask &^= 1 << k
		}
	}
	a, err := e.sizeList(begin)
	if err != nil {
		return err
	}
	b, err := e.sizeList(end)
	if err != nil {
		return err
	}
	return e.move(fb.StridedSlice, opts, order, x, a, b, e.int32s(step))
}
