package coreml

import (
	"maps"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// spelling is how one operator is written.
type spelling struct {
	// legal returns why this node cannot be written, "" where it can; nil: it
	// always can. Sizes may still be symbolic.
	legal func(n *ir.Node) string
	// emit appends the operations and sets the outputs. All sizes are known.
	emit func(e *emitter, n *ir.Node)
}

// spellings is the table of all operators that the target has natively.
var spellings = collect(activationOps, arithOps, convOps, imageOps, indexOps, linalgOps, normOps, poolOps, quantOps, reduceOps, scatterOps, shapeOps)

func collect(families ...map[string]spelling) map[string]spelling {
	all := map[string]spelling{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

// all joins conditions: the first reason counts.
func all(conditions ...func(*ir.Node) string) func(*ir.Node) string {
	return func(n *ir.Node) string {
		for _, c := range conditions {
			if why := c(n); why != "" {
				return why
			}
		}
		return ""
	}
}

// rank is the rank of input i of n, -1 while unknown or omitted.
func rank(n *ir.Node, i int) int {
	if v := n.In(i); v != nil {
		return v.Rank()
	}
	return -1
}

// fixed reports whether v is known when it comes to writing.
func fixed(v *ir.Value) bool {
	return v.IsConst() || v != nil && (v.Content != nil || v.Node() != nil && constantNode(v.Node()))
}

// needFixed is a condition: the inputs, where given, are known.
func needFixed(inputs ...int) func(*ir.Node) string {
	return func(n *ir.Node) string {
		for _, i := range inputs {
			if v := n.In(i); v != nil && !fixed(v) {
				return n.Op + " needs constants but for its data"
			}
		}
		return ""
	}
}

// floats is a condition: input 0 holds floats.
func floats(n *ir.Node) string {
	if d := n.In(0).DType; !d.IsFloat() {
		return n.Op + " of " + d.String() + " has no equivalent"
	}
	return ""
}

// wide is a condition: integers are of 32 or 64 bits, so that none wraps around
// where 32 bits do not.
func wide(n *ir.Node) string {
	for _, v := range n.Inputs {
		if v != nil && v.DType.IsInt() && v.DType.Bits() < 32 {
			return n.Op + " of " + v.DType.String() + " has no equivalent"
		}
	}
	return ""
}

// ranks is a condition: input 0 has a rank from lo to hi.
func ranks(lo, hi int) func(*ir.Node) string {
	return func(n *ir.Node) string {
		if r := rank(n, 0); r < lo || r > hi {
			return n.Op + " of this rank has no equivalent"
		}
		return ""
	}
}

// unary spells an operator of floats as one operation of x.
func unary(typ string) spelling {
	return spelling{floats, func(e *emitter, _ *ir.Node) { e.final(typ, in("x", e.in(0))) }}
}

// ints returns the elements of input i, which is known; nil where it is omitted.
func (e *emitter) ints(i int) []int64 {
	v := e.cur.In(i)
	if v == nil {
		return nil
	}
	t := e.constantOf(v)
	if t == nil {
		e.fail("input %d is not constant", i)
		return nil
	}
	x, err := t.Int64s()
	if err != nil {
		e.fail("input %d: %w", i, err)
	}
	return x
}

// axis makes an axis non-negative.
func axis(a int64, rank int) int {
	if a < 0 {
		a += int64(rank)
	}
	return int(a)
}

// number is p as something that arithmetic and indexing take: truth values as
// integers.
func (e *emitter) number(p val) val {
	if p.dtype == tensor.Bool {
		return e.convert(p, tensor.Int32)
	}
	return p
}

// back gives the current node's only output from p, which may be of another
// type.
func (e *emitter) back(p val) {
	e.finish(e.convert(p, held(e.cur.Out(0).DType)))
}

// orDefault is v, or n times x where v is nil.
func orDefault(v []int64, n int, x int64) []int64 {
	if v != nil {
		return v
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = x
	}
	return out
}
