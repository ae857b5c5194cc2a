package coreml

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var activationOps = map[string]spelling{
	"Relu": {all(floatsOr32), emitRelu}, "Sigmoid": unary("sigmoid"), "Tanh": unary("tanh"), "Softplus": unary("softplus"), "Softsign": unary("softsign"), "Erf": unary("erf"),
	"LeakyRelu":   {floats, withAlpha("leaky_relu", 0.01)},
	"Elu":         {floats, withAlpha("elu", 1)},
	"PRelu":       {legalPRelu, emitPRelu},
	"HardSigmoid": {floats, emitHardSigmoid},
	"Clip":        {wide, emitClip},
	"Gelu":        {floats, emitGelu},
	"Swish":       {legalSwish, func(e *emitter, _ *ir.Node) { e.final("silu", in("x", e.in(0))) }},
	"Softmax":     {floats, emitSoftmax},
}

func floatsOr32(n *ir.Node) string { return wide(n) }

func emitRelu(e *emitter, n *ir.Node) {
	if n.In(0).DType.IsFloat() {
		e.final("relu", in("x", e.in(0)))
		return
	}
	e.final("maximum", in("x", e.in(0)), real("y", tensor.Int32, 0))
}

func withAlpha(typ string, def float64) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		e.final(typ, in("x", e.in(0)), real("alpha", held(n.Out(0).DType), n.Float("alpha", def)))
	}
}

// legalPRelu: alpha has one number for each channel, axis 1.
func legalPRelu(n *ir.Node) string {
	if why := floats(n); why != "" {
		return why
	}
	slope, r := n.In(1), rank(n, 0)
	if r < 3 || !slope.IsConst() || slope.DType != n.In(0).DType {
		return "PRelu needs an input of rank 3 or more and a constant slope"
	}
	c, ok := n.In(0).Shape[1].Int()
	s := slope.Const.Shape()
	if at := len(s) - (r - 1); !ok || at < 0 || s[at] != slope.Const.Len() || int64(s[at]) != c {
		return "PRelu needs a slope for each channel"
	}
	return ""
}

func emitPRelu(e *emitter, n *ir.Node) {
	slope, err := e.hold(n.In(1).Const).Reshape(n.In(1).Const.Len())
	if err != nil {
		e.fail("%w", err)
		return
	}
	e.final("prelu", in("x", e.in(0)), lit("alpha", slope))
}

func emitHardSigmoid(e *emitter, n *ir.Node) {
	d := held(n.Out(0).DType)
	e.final("sigmoid_hard", in("x", e.in(0)), real("alpha", d, n.Float("alpha", 0.2)), real("beta", d, n.Float("beta", 0.5)))
}

// emitClip writes relu6 or clip where both bounds are known numbers in order;
// else maximum and minimum, as clip refuses bounds out of order, where ONNX gives
// the upper.
func emitClip(e *emitter, n *ir.Node) {
	d := held(n.Out(0).DType)
	bound := func(i int, missing float64) (float64, bool) {
		if n.In(i) == nil {
			return missing, true
		}
		t := e.constantOf(n.In(i))
		if t == nil || t.Len() != 1 {
			return 0, false
		}
		return t.Float64s()[0], true
	}
	top := float64(math.MaxFloat32)
	if d == tensor.Float16 {
		top = 65504
	}
	lo, okLo := bound(1, -top)
	hi, okHi := bound(2, top)
	lo, hi = max(lo, -top), min(hi, top)
	if d != tensor.Int32 && okLo && okHi && lo < hi {
		if lo == 0 && hi == 6 {
			e.final("relu6", in("x", e.in(0)))
			return
		}
		e.final("clip", in("x", e.in(0)), real("alpha", d, lo), real("beta", d, hi))
		return
	}
	p, shape := e.in(0), shapeOf(n.Out(0))
	limit := func(i int) val {
		b := e.in(i)
		if len(b.shape) == 1 && len(shape) == 0 {
			b = e.op("squeeze", b.dtype, []int{}, in("x", b))
		}
		return b
	}
	if n.In(1) != nil {
		p = e.op("maximum", d, shape, in("x", p), in("y", limit(1)))
	}
	if n.In(2) != nil {
		p = e.op("minimum", d, shape, in("x", p), in("y", limit(2)))
	}
	e.finish(p)
}

func emitGelu(e *emitter, n *ir.Node) {
	mode := "EXACT"
	if n.Str("approximate", "none") == "tanh" {
		mode = "TANH_APPROXIMATION"
	}
	e.final("gelu", in("x", e.in(0)), word("mode", mode))
}

func legalSwish(n *ir.Node) string {
	if n.Float("alpha", 1) != 1 {
		return "Swish with a factor has no equivalent"
	}
	return floats(n)
}

func emitSoftmax(e *emitter, n *ir.Node) {
	e.final("softmax", in("x", e.in(0)), num("axis", axis(n.Int("axis", -1), rank(n, 0))))
}
