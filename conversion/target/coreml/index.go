package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var indexOps = map[string]spelling{
	"Gather":         {nil, emitGather},
	"GatherElements": {legalGatherElements, emitGatherElements},
	"GatherND":       {nil, emitGatherND},
	"OneHot":         {needFixed(1, 2), emitOneHot},
}

// indices is the result for input i, counted from the front: a negative index of
// an axis of the given size counts from its end in ONNX.
func (e *emitter) indices(i, size int) val {
	if t := e.constantOf(e.cur.In(i)); t != nil {
		v, err := t.Int64s()
		if err == nil && slices.ContainsFunc(v, func(x int64) bool { return x < 0 }) {
			w := slices.Clone(v)
			for j, x := range w {
				if x < 0 {
					w[j] += int64(size)
				}
			}
			if t, err = tensor.FromInt64s(tensor.Int32, w, t.Shape()...); err == nil {
				return e.literal(e.cur.Name+"_indices", t)
			}
		}
		return e.in(i)
	}
	p := e.in(i)
	neg := e.op("less", tensor.Bool, p.shape, in("x", p), real("y", tensor.Int32, 0))
	up := e.op("add", tensor.Int32, p.shape, in("x", p), real("y", tensor.Int32, float64(size)))
	return e.op("select", tensor.Int32, p.shape, in("cond", neg), in("a", up), in("b", p))
}

// fromEnd is constant indices v counted from the front of an axis of open size,
// where some count from its end; else nothing.
func (e *emitter) fromEnd(v *ir.Value, size ir.Dim) val {
	x, ok := v.ConstInts()
	if !ok || size.IsStatic() || fromFront(v) {
		return val{}
	}
	list := make([]ir.Dim, len(x))
	for i, n := range x {
		if list[i] = ir.Static(n); n < 0 {
			list[i] = size.AddInt(n)
		}
	}
	p := e.sizes(list)
	if v.Rank() == 0 {
		p = e.reshape(p, []int{})
	}
	return p
}

func emitGather(e *emitter, n *ir.Node) {
	x := e.number(e.in(0))
	if e.err != nil {
		return
	}
	a := axis(n.Int("axis", 0), len(x.shape))
	at := e.fromEnd(n.In(1), n.In(0).Shape[a])
	if at.name == "" {
		at = e.indices(1, x.shape[a])
	}
	p := e.op("gather", x.dtype, shapeOf(n.Out(0)), in("x", x), in("indices", at), num("axis", a), num("batch_dims", 0))
	e.back(p)
}

// legalGatherElements: indices are smaller than the data along their axis only.
func legalGatherElements(n *ir.Node) string {
	r := rank(n, 0)
	if r != rank(n, 1) {
		return "GatherElements of this rank has no equivalent"
	}
	a := axis(n.Int("axis", 0), r)
	for i := range r {
		if i != a && !n.In(0).Shape[i].Equal(n.In(1).Shape[i]) {
			return "GatherElements with fewer indices than data beside its axis has no equivalent"
		}
	}
	return ""
}

func emitGatherElements(e *emitter, n *ir.Node) {
	x := e.number(e.in(0))
	if e.err != nil {
		return
	}
	a := axis(n.Int("axis", 0), len(x.shape))
	p := e.op("gather_along_axis", x.dtype, shapeOf(n.Out(0)), in("x", x), in("indices", e.indices(1, x.shape[a])), num("axis", a))
	e.back(p)
}

// emitGatherND: indices that are constant are counted from the front; others are
// taken as they are, as the operation allows negative ones.
func emitGatherND(e *emitter, n *ir.Node) {
	x := e.number(e.in(0))
	p := e.op("gather_nd", x.dtype, shapeOf(n.Out(0)), in("x", x), in("indices", e.in(1)), num("batch_dims", int(n.Int("batch_dims", 0))))
	e.back(p)
}

func emitOneHot(e *emitter, n *ir.Node) {
	depth, values := e.constantOf(n.In(1)), e.constantOf(n.In(2))
	if depth == nil || depth.Len() != 1 || values == nil || values.Len() != 2 {
		e.fail("depth or values are not constant")
		return
	}
	size := int(depth.Float64s()[0])
	v, d := values.Float64s(), held(values.DType())
	if d == tensor.Bool {
		d = tensor.Int32
	}
	idx := e.convert(e.in(0), tensor.Int32)
	neg := e.op("less", tensor.Bool, idx.shape, in("x", idx), real("y", tensor.Int32, 0))
	up := e.op("add", tensor.Int32, idx.shape, in("x", idx), real("y", tensor.Int32, float64(size)))
	idx = e.op("select", tensor.Int32, idx.shape, in("cond", neg), in("a", up), in("b", idx))
	// What lies before the first place is no place, as what lies behind the last.
	neg = e.op("less", tensor.Bool, idx.shape, in("x", idx), real("y", tensor.Int32, 0))
	idx = e.op("select", tensor.Int32, idx.shape, in("cond", neg), real("a", tensor.Int32, float64(size)), in("b", idx))
	p := e.op("one_hot", d, shapeOf(n.Out(0)), in("indices", idx), num("one_hot_vector_size", size),
		num("axis", axis(n.Int("axis", -1), len(idx.shape)+1)), real("on_value", d, v[1]), real("off_value", d, v[0]))
	e.back(p)
}
