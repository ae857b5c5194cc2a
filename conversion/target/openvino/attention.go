package openvino

import (
	"math"

	"slipway/conversion/ir"
)

var attentionOps = map[string]spelling{"Attention": {legalAttention, emitAttention}}

// legalAttention: the plain form; all others are decomposed.
func legalAttention(n *ir.Node) string {
	q, k := n.In(0).Shape, n.In(1).Shape
	switch {
	case len(q) != 4 || len(k) != 4 || !q[1].Equal(k[1]) || !q[1].IsStatic() || !q[3].IsStatic():
		return "Attention is written for heads that are split off and do not share keys"
	case n.In(4) != nil || n.In(5) != nil || n.In(6) != nil || n.Out(1) != nil || n.Out(2) != nil || n.Out(3) != nil:
		return "Attention with a cache or further outputs has no equivalent"
	case n.Float("softcap", 0) != 0 || n.Int("softmax_precision", 0) != 0:
		return "Attention with a softcap or a precision has no equivalent"
	}
	if m := n.In(3); m != nil {
		switch {
		case n.Int("is_causal", 0) != 0:
			return "Attention that is causal besides a mask has no equivalent"
		case m.Rank() < 2 || !m.Shape[m.Rank()-1].Equal(k[2]) || !m.DType.IsFloat() || m.DType != n.In(0).DType:
			return "Attention is written with a mask of numbers to add, one for each key"
		}
	}
	return ""
}

// emitAttention scales the queries, as the layer's own scale comes behind the
// mask among the inputs and is 1/sqrt(size) by default.
func emitAttention(e *emitter, n *ir.Node) {
	size, _ := n.In(0).Shape[3].Int()
	q := e.in(0)
	if s := n.Float("scale", 0) * math.Sqrt(float64(size)); n.Has("scale") && math.Abs(s-1) > 1e-6 {
		v := n.In(0)
		q = e.op("Multiply", "opset1", v.DType, v.Shape, numpy, q, e.scalar(v.DType, s))
	}
	in := []port{q, e.in(1), e.in(2)}
	if n.In(3) != nil {
		in = append(in, e.in(3))
	}
	e.final("ScaledDotProductAttention", "opset13", []attr{{"causal", boolean(n.Int("is_causal", 0) != 0)}}, in...)
}
