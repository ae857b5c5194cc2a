package ncnn

import (
	"math"

	"slipway/conversion/ir"
)

// UnaryOp's operations.
var activationOps = map[string]spelling{
	"Abs": unary("UnaryOp", num(0, 0)), "Neg": unary("UnaryOp", num(0, 1)), "Floor": unary("UnaryOp", num(0, 2)), "Ceil": unary("UnaryOp", num(0, 3)),
	"Sqrt": unary("UnaryOp", num(0, 5)), "Exp": unary("UnaryOp", num(0, 7)), "Log": unary("UnaryOp", num(0, 8)), "Sin": unary("UnaryOp", num(0, 9)),
	"Cos": unary("UnaryOp", num(0, 10)), "Tan": unary("UnaryOp", num(0, 11)),
	"Asin": unary("UnaryOp", num(0, 12)), "Acos": unary("UnaryOp", num(0, 13)), "Atan": unary("UnaryOp", num(0, 14)),
	"Reciprocal": unary("UnaryOp", num(0, 15)), "Round": unary("UnaryOp", num(0, 18)), "Sign": unary("UnaryOp", num(0, 20)),
	"Tanh": unary("TanH"), "Relu": unary("ReLU"), "Sigmoid": sigmoid, "Softplus": unary("Softplus"), "Erf": unary("Erf"), "Mish": unary("Mish"),
	"Clip": clip, "LeakyRelu": leaky, "Elu": elu, "Selu": selu, "HardSigmoid": hardSigmoid, "HardSwish": unary("HardSwish", flt(0, 1.0/6), flt(1, 0.5)),
	"Swish": swish, "Gelu": gelu, "PRelu": prelu,
}

// limits are the bounds of a Clip; false where they are not constant.
func limits(n *ir.Node) (lo, hi float64, ok bool) {
	lo, hi = -math.MaxFloat32, math.MaxFloat32
	for k, dst := range []*float64{&lo, &hi} {
		v := n.In(k + 1)
		if v == nil {
			continue
		}
		c := packed(v)
		if c == nil || c.t.Len() != 1 {
			return 0, 0, false
		}
		*dst = float64(c.floats()[0])
	}
	return lo, hi, true
}

func clip(e *emitter, n *ir.Node) string {
	lo, hi, ok := limits(n)
	if !ok {
		return "needs constant bounds"
	}
	return unary("Clip", flt(0, lo), flt(1, hi))(e, n)
}

func leaky(e *emitter, n *ir.Node) string {
	return unary("ReLU", flt(0, n.Float("alpha", 0.01)))(e, n)
}

func elu(e *emitter, n *ir.Node) string { return unary("ELU", flt(0, n.Float("alpha", 1)))(e, n) }

func selu(e *emitter, n *ir.Node) string {
	return unary("SELU", flt(0, n.Float("alpha", 1.6732631921768188)), flt(1, n.Float("gamma", 1.0507010221481323)))(e, n)
}

func hardSigmoid(e *emitter, n *ir.Node) string {
	return unary("HardSigmoid", flt(0, n.Float("alpha", 0.2)), flt(1, n.Float("beta", 0.5)))(e, n)
}

func swish(e *emitter, n *ir.Node) string {
	if n.Float("alpha", 1) != 1 {
		return "has no factor"
	}
	return unary("Swish")(e, n)
}

func gelu(e *emitter, n *ir.Node) string {
	fast := 0
	if n.Str("approximate", "none") == "tanh" {
		fast = 1
	}
	return unary("GELU", num(0, fast))(e, n)
}

// sigmoid: x*Sigmoid(x), with no other reader of the Sigmoid, is one layer.
func sigmoid(e *emitter, n *ir.Node) string {
	if e.g != nil && e.g.SingleUse(n.Out(0)) {
		m := n.Out(0).Uses()[0].Node
		if m.Op == "Mul" && (m.In(0) == n.In(0) || m.In(1) == n.In(0)) && m.In(0) != m.In(1) {
			e.skip[m], e.also = true, m.Origin
			b := e.in(n.In(0))
			e.set(m.Out(0), e.add("Swish", []*blob{b}, b.dims))
			return ""
		}
	}
	return unary("Sigmoid")(e, n)
}

// prelu: one slope, or one for each channel.
func prelu(e *emitter, n *ir.Node) string {
	c, d := packed(n.In(1)), full(n.In(0))
	if c == nil {
		return "needs constant slopes"
	}
	if c.t.Len() == 1 {
		b := e.in(n.In(0))
		l := e.addN("PReLU", []*blob{b}, [][]int{b.dims}, num(0, 1))
		l.data = []chunk{raw(c.floats)}
		e.set(n.Out(0), l.out[0])
		return ""
	}
	s := c.t.Shape()
	if len(d) < 2 || d[0] != 1 || c.t.Len() != d[1] || len(s) < len(d)-1 || s[len(s)-len(d)+1] != d[1] || len(d) > 5 {
		return "takes one slope, or one for each channel"
	}
	l := e.addN("PReLU", []*blob{e.as(n.In(0), d[1:]...)}, [][]int{d[1:]}, num(0, d[1]))
	l.data = []chunk{raw(c.floats)}
	e.set(n.Out(0), l.out[0])
	return ""
}

// fused are the activation parameters (9 and 10) of a layer whose output only an
// activation reads, and the value that the layer then gives.
func (e *emitter) fused(n *ir.Node) ([]param, *ir.Value) {
	out := n.Out(0)
	if e.g == nil || !e.g.SingleUse(out) {
		return nil, out
	}
	a := out.Uses()[0].Node
	var p []param
	switch a.Op {
	case "Relu":
		p = []param{num(9, 1)}
	case "LeakyRelu":
		p = []param{num(9, 2), floats(10, a.Float("alpha", 0.01))}
	case "Clip":
		lo, hi, ok := limits(a)
		if !ok || a.In(0) != out {
			return nil, out
		}
		p = []param{num(9, 3), floats(10, lo, hi)}
	case "Sigmoid":
		if e.g.SingleUse(a.Out(0)) && a.Out(0).Uses()[0].Node.Op == "Mul" {
			return nil, out
		}
		p = []param{num(9, 4)}
	case "Mish":
		p = []param{num(9, 5)}
	case "HardSwish":
		p = []param{num(9, 6), floats(10, 1.0/6, 0.5)}
	default:
		return nil, out
	}
	e.skip[a] = true
	e.also = a.Origin
	return p, a.Out(0)
}
