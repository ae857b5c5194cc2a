package coreml

import (
	"math"

	"slipway/conversion/ir"
)

// cut is what a Slice takes of one axis: negative bounds count from its end.
type cut struct {
	begin, end ir.Dim
	whole      bool // to the end, whatever the size
	back       bool // the axis is reversed first
	stride     int
}

const farAway = math.MaxInt32

// cuts says what n, a Slice, takes of every axis of its input, whose sizes may
// be open. why is not empty where that has to be known before.
func cuts(g *ir.Graph, n *ir.Node) (list []cut, out ir.Shape, why string) {
	x, to := n.In(0).Shape, n.Out(0).Shape
	starts, ok1 := contents(n.In(1))
	ends, ok2 := contents(n.In(2))
	axes, ok3 := constInts(n.In(3))
	steps, ok4 := constInts(n.In(4))
	if !ok1 || !ok2 || len(starts) != len(ends) || n.In(3) != nil && !ok3 || n.In(4) != nil && !ok4 {
		return nil, nil, "its cuts are computed"
	}
	for _, d := range x {
		list = append(list, cut{end: d, whole: !d.IsStatic(), stride: 1})
	}
	for i := range starts {
		a, step := i, int64(1)
		if axes != nil {
			a = axis(axes[i], len(x))
		}
		if steps != nil {
			step = steps[i]
		}
		size, known := x[a].Int()
		lo, known1 := starts[i].Int()
		hi, known2 := ends[i].Int()
		if known && known1 && known2 {
			list[a] = fixedCut(size, to[a], lo, step)
			continue
		}
		switch {
		case !known1 && !computable(g, starts[i]) || !known2 && !computable(g, ends[i]):
			return nil, nil, "its cuts are computed"
		case !computable(g, to[a]):
			return nil, nil, "it may cut an axis of open size before its end"
		}
		if step < 0 {
			// What counts from one end of the axis counts from the other end of the
			// reversed one.
			first := ir.Static(-1)
			list[a] = cut{begin: first.Sub(starts[i]), end: first.Sub(ends[i]), back: true, stride: int(-step)}
			if known1 && lo >= farAway {
				list[a].begin = ir.Static(0)
			}
			list[a].whole = known2 && hi <= -farAway
			continue
		}
		list[a] = cut{begin: starts[i], end: ends[i], stride: int(step)}
		if known1 && lo <= -farAway {
			list[a].begin = ir.Static(0)
		}
		if list[a].whole = known2 && hi >= farAway; list[a].whole {
			list[a].end = ir.Static(0)
		}
	}
	return list, to, ""
}

// fixedCut: the end follows from the number of elements, one past the last.
func fixedCut(size int64, out ir.Dim, start, step int64) cut {
	n, _ := out.Int()
	clamp := func(v, hi int64) int64 {
		if v < 0 {
			v += size
		}
		return min(max(v, 0), hi)
	}
	c := cut{stride: int(step)}
	begin := int64(0)
	if step < 0 {
		c.back, c.stride, begin = true, int(-step), size-1-clamp(start, size-1)
	} else {
		begin = clamp(start, size)
	}
	c.begin, c.end = ir.Static(begin), ir.Static(begin+(n-1)*int64(c.stride)+1)
	return c
}

// contents are the elements of v, which may be sizes that are open.
func contents(v *ir.Value) ([]ir.Dim, bool) {
	if x, ok := constInts(v); ok {
		out := make([]ir.Dim, len(x))
		for i, n := range x {
			out[i] = ir.Static(n)
		}
		return out, true
	}
	if v == nil || v.Content == nil {
		return nil, false
	}
	return v.Content, true
}

// emitSlice: an axis that is walked backwards is reversed first.
func emitSlice(e *emitter, n *ir.Node) {
	x := e.in(0)
	list, out, why := cuts(e.g, n)
	if why != "" {
		e.fail("%s", why)
	}
	if e.err != nil {
		return
	}
	for _, d := range out {
		if d.Is(0) {
			e.fail("gives no elements, which Core ML cannot hold")
			return
		}
	}
	var back, stride []int
	var begin, end []ir.Dim
	var whole []bool
	for a, c := range list {
		if c.back {
			back = append(back, a)
		}
		if c.whole {
			c.end = ir.Static(0)
		}
		begin, end = append(begin, c.begin), append(end, c.end)
		whole, stride = append(whole, c.whole), append(stride, c.stride)
	}
	if len(back) > 0 {
		x = e.op("reverse", x.dtype, x.shape, in("x", x), ints("axes", back...))
	}
	none := make([]bool, len(list))
	e.final("slice_by_index", in("x", x), e.bounds("begin", begin), e.bounds("end", end), ints("stride", stride...),
		flags("begin_mask", none...), flags("end_mask", whole...), flags("squeeze_mask", none...))
}

// bounds are constants where they are known.
func (e *emitter) bounds(name string, list []ir.Dim) arg {
	out := make([]int, len(list))
	for i, d := range list {
		n, ok := d.Int()
		if !ok {
			return in(name, e.sizes(list))
		}
		out[i] = int(n)
	}
	return ints(name, out...)
}
