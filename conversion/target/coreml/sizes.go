package coreml

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// computable reports whether d can be worked out, while the program runs, from
// the sizes of the graph's inputs.
func computable(g *ir.Graph, d ir.Dim) bool {
	return d.Follows(func(symbol string) bool {
		v, _ := sizedBy(g, ir.Symbol(symbol))
		return v != nil
	})
}

// sizedBy finds the input, and the axis of it, that has size d.
func sizedBy(g *ir.Graph, d ir.Dim) (*ir.Value, int) {
	for _, v := range g.Inputs {
		if a := slices.IndexFunc(v.Shape, func(x ir.Dim) bool { return x.Equal(d) }); a >= 0 {
			return v, a
		}
	}
	return nil, 0
}

// openSizes reports whether v holds sizes that are known only when the program
// runs.
func openSizes(v *ir.Value) bool {
	return v != nil && !v.IsConst() && v.Content != nil && slices.ContainsFunc(v.Content, func(d ir.Dim) bool { return !d.IsStatic() })
}

// settled reports whether n computes from constants and known sizes alone.
func settled(n *ir.Node) bool {
	known := func(v *ir.Value) bool { return v == nil || v.IsConst() || v.Content != nil && !openSizes(v) }
	if len(n.Outputs) > 0 && !slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v == nil || !known(v) }) {
		return true
	}
	any := false
	for _, v := range n.Inputs {
		if any = any || v != nil; !known(v) && (v.Node() == nil || !settled(v.Node())) {
			return false
		}
	}
	return any
}

// tellsSizes reports whether n gives nothing but sizes, known or open: no
// operation is written for it, those that read them make them.
func tellsSizes(n *ir.Node) bool {
	return len(n.Outputs) > 0 && !slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v == nil || v.Content == nil })
}

// sizes is a vector of 32-bit integers with the sizes of list, a constant where
// all are known.
func (e *emitter) sizes(list []ir.Dim) val {
	var parts []val
	for i := 0; i < len(list); {
		var known []int32
		for ; i < len(list) && list[i].IsStatic(); i++ {
			n, _ := list[i].Int()
			known = append(known, int32(n))
		}
		if len(known) > 0 || len(list) == 0 {
			parts = append(parts, e.literal(e.sizeName(), tensor.Of(known, len(known))))
		}
		if i < len(list) {
			parts = append(parts, e.size(list[i]))
			i++
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return e.op("concat", tensor.Int32, []int{len(list)}, in("values", parts...), num("axis", 0), flag("interleave", false))
}

func (e *emitter) sizeName() string {
	if e.cur == nil {
		return "size"
	}
	return e.cur.Name + "_size"
}

// size is an open size as a vector of one element. Each is computed once.
func (e *emitter) size(d ir.Dim) val {
	key := d.String()
	if p, ok := e.sized[key]; ok {
		return p
	}
	p, err := e.sizeNew(d)
	if err != nil {
		e.fail("size %v: %w", d, err)
	}
	e.sized[key] = p
	return p
}

func (e *emitter) sizeNew(d ir.Dim) (val, error) {
	one := []int{1}
	if n, ok := d.Int(); ok {
		return e.literal(e.sizeName(), tensor.Of([]int32{int32(n)}, 1)), nil
	}
	if v, a := sizedBy(e.g, d); v != nil {
		all := e.op("shape", tensor.Int32, []int{len(v.Shape)}, in("x", e.value(v)))
		return e.op("slice_by_index", tensor.Int32, one, in("x", all), ints("begin", a), ints("end", a+1), ints("stride", 1),
			flags("begin_mask", false), flags("end_mask", false), flags("squeeze_mask", false)), nil
	}
	terms, ok := d.Terms()
	if !ok {
		return val{}, fmt.Errorf("cannot be computed")
	}
	number := func(n int64) arg { return ints("y", int(n)) }
	var sum val
	for i, t := range terms {
		var p val
		for j, f := range t.Factors {
			var q val
			switch of := ir.Symbol(f.Symbol); {
			case f.Symbol == "":
				q = e.op("floor_div", tensor.Int32, one, in("x", e.size(f.Of)), number(f.By))
			case of.Equal(d):
				return val{}, fmt.Errorf("is that of no input")
			default:
				q = e.size(of)
			}
			if j > 0 {
				q = e.op("mul", tensor.Int32, one, in("x", p), in("y", q))
			}
			p = q
		}
		switch {
		case len(t.Factors) == 0:
			p = e.literal(e.sizeName(), tensor.Of([]int32{int32(t.Coef)}, 1))
		case t.Coef != 1:
			p = e.op("mul", tensor.Int32, one, in("x", p), number(t.Coef))
		}
		if i > 0 {
			p = e.op("add", tensor.Int32, one, in("x", sum), in("y", p))
		}
		sum = p
	}
	return sum, nil
}

// told is v, which holds sizes, as a result of v's rank.
func (e *emitter) told(v *ir.Value) val {
	p := e.sizes(v.Content)
	if v.Rank() == 0 {
		p = e.reshape(p, []int{})
	}
	return p
}

// spreads says why a value of shape from cannot be repeated to the shape to;
// "" where it can.
func spreads(g *ir.Graph, from, to ir.Shape) string {
	for i, d := range to {
		j := i - len(to) + len(from)
		switch {
		case j >= 0 && from[j].Equal(d):
		case j >= 0 && !from[j].Is(1):
			return fmt.Sprintf("%v may have to be repeated to %v, or not", from, to)
		case !computable(g, d):
			return "it is repeated to a size that no input has"
		}
	}
	return ""
}

// spreadOpen is spread where sizes may be open.
func (e *emitter) spreadOpen(p val, from, to ir.Shape) val {
	shape := make([]int, len(to))
	for i, d := range to {
		shape[i] = -1
		if n, ok := d.Int(); ok {
			shape[i] = int(n)
		}
	}
	if to.IsStatic() {
		return e.spread(p, shape)
	}
	lift := len(to) - len(from)
	reps, wide := make([]ir.Dim, len(to)), make([]int, len(to))
	var front []int
	same := true
	for i, d := range to {
		if reps[i], wide[i] = d, 1; i < lift {
			front = append(front, i)
		} else if wide[i] = p.shape[i-lift]; from[i-lift].Equal(d) {
			reps[i] = ir.Static(1)
		}
		same = same && reps[i].Is(1)
	}
	if lift > 0 {
		p = e.op("expand_dims", p.dtype, wide, in("x", p), ints("axes", front...))
	}
	if same {
		return p
	}
	return e.op("tile", p.dtype, shape, in("x", p), in("reps", e.sizes(reps)))
}
