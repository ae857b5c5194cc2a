package coreml

import (
	"math"

	"slipway/conversion/ir"
)

var linalgOps = map[string]spelling{
	"MatMul": {wide, emitMatMul},
	"Gemm":   {floats, emitGemm},

	"Attention": {all(floats, legalAttention), emitAttention},
}

// legalAttention: queries, keys and values come with their heads split off, and
// nothing is masked but by an addend.
func legalAttention(n *ir.Node) string {
	for i := range 3 {
		if rank(n, i) != 4 || n.In(i).DType != n.Out(0).DType {
			return "Attention of this form has no equivalent"
		}
	}
	if d := n.In(0).Shape[3]; !d.IsStatic() || !n.In(0).Shape[1].Equal(n.In(1).Shape[1]) {
		return "Attention with shared heads has no equivalent"
	}
	for i := 4; i < len(n.Inputs); i++ {
		if n.In(i) != nil {
			return "Attention with a cache has no equivalent"
		}
	}
	for i := 1; i < len(n.Outputs); i++ {
		if n.Out(i) != nil {
			return "Attention with further results has no equivalent"
		}
	}
	if n.Int("is_causal", 0) != 0 || n.Float("softcap", 0) != 0 || n.Int("softmax_precision", 0) != 0 {
		return "Attention of this form has no equivalent"
	}
	if m := n.In(3); m != nil && (m.DType != n.In(0).DType || m.Rank() > 4) {
		return "Attention with this mask has no equivalent"
	}
	return ""
}

// emitAttention: the operation divides by the root of a query's size, so another
// scale is brought into the queries.
func emitAttention(e *emitter, n *ir.Node) {
	q := e.in(0)
	if e.err != nil {
		return
	}
	root := math.Sqrt(float64(q.shape[3]))
	if f := n.Float("scale", 1/root) * root; math.Abs(f-1) > 1e-6 {
		q = e.op("mul", q.dtype, q.shape, in("x", q), real("y", q.dtype, f))
	}
	args := []arg{in("query", q), in("key", e.in(1)), in("value", e.in(2))}
	if n.In(3) != nil {
		args = append(args, in("attn_mask", e.in(3)))
	}
	e.final("scaled_dot_product_attention", args...)
}

// emitMatMul: vectors become matrices, as matmul has none.
func emitMatMul(e *emitter, n *ir.Node) {
	x, y, out := e.in(0), e.in(1), shapeOf(n.Out(0))
	if e.err != nil {
		return
	}
	if len(x.shape) >= 2 && len(y.shape) >= 2 {
		e.final("matmul", in("x", x), in("y", y), flag("transpose_x", false), flag("transpose_y", false))
		return
	}
	if len(x.shape) == 1 {
		x = e.reshape(x, []int{1, x.shape[0]})
	}
	if len(y.shape) == 1 {
		y = e.reshape(y, []int{y.shape[0], 1})
	}
	s := broadcast(x.shape[:len(x.shape)-2], y.shape[:len(y.shape)-2])
	s = append(s, x.shape[len(x.shape)-2], y.shape[len(y.shape)-1])
	p := e.op("matmul", x.dtype, s, in("x", x), in("y", y), flag("transpose_x", false), flag("transpose_y", false))
	e.finish(e.reshape(p, out))
}

// emitGemm writes linear where it can: the weight is constant, the factors are 1
// and the addend is a vector; else matmul, mul and add.
func emitGemm(e *emitter, n *ir.Node) {
	x, o := e.in(0), n.Out(0)
	out, d := shapeOf(o), held(o.DType)
	transA, transB := n.Int("transA", 0) != 0, n.Int("transB", 0) != 0
	alpha, beta := n.Float("alpha", 1), n.Float("beta", 1)
	if w, ok := e.linearWeight(n.In(1), transB); ok && !transA && alpha == 1 && (n.In(2) == nil || beta == 1) {
		if n.In(2) == nil {
			e.final("linear", in("x", x), w)
			return
		}
		// A column of as many rows as there are columns is no bias.
		if t := e.bias(n.In(2)); t != nil && t.Len() == out[1] && (t.Rank() == 0 || t.Shape()[t.Rank()-1] == out[1]) {
			if t, err := t.Reshape(out[1]); err == nil {
				e.final("linear", in("x", x), w, lit("bias", t))
				return
			}
		}
	}
	p := e.op("matmul", d, out, in("x", x), in("y", e.in(1)), flag("transpose_x", transA), flag("transpose_y", transB))
	if alpha != 1 {
		p = e.op("mul", d, out, in("x", p), real("y", d, alpha))
	}
	if n.In(2) != nil && beta != 0 {
		c := e.in(2)
		if beta != 1 {
			c = e.op("mul", d, c.shape, in("x", c), real("y", d, beta))
		}
		p = e.op("add", d, out, in("x", p), in("y", c))
	}
	e.finish(p)
}

// linearWeight is a constant [O,I] weight as an argument of linear.
func (e *emitter) linearWeight(v *ir.Value, transposed bool) (arg, bool) {
	if !e.lazy(v) || v.Rank() != 2 {
		return arg{}, false
	}
	if transposed {
		return in("weight", e.value(v)), true
	}
	if e.packs(v.Node()) {
		return arg{}, false
	}
	t, err := e.hold(e.constantOf(v)).Transposed(1, 0)
	if err != nil {
		return arg{}, false
	}
	return lit("weight", t), true
}
