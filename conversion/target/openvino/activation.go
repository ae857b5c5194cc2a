package openvino

import (
	"math"

	"slipway/conversion/ir"
)

var activationOps = map[string]spelling{
	"Relu": unary("ReLU", "opset1"), "Sigmoid": unary("Sigmoid", "opset1"), "Tanh": unary("Tanh", "opset1"),
	"HardSwish": unary("HSwish", "opset4"), "Mish": unary("Mish", "opset4"), "Softplus": unary("SoftPlus", "opset4"),
	"Softsign": unary("SoftSign", "opset9"), "Erf": unary("Erf", "opset1"),
	"LeakyRelu":   {nil, emitLeakyRelu},
	"PRelu":       {legalPRelu, emitPRelu},
	"Elu":         {nil, emitElu},
	"Selu":        {legalSelu, emitSelu},
	"HardSigmoid": {legalHardSigmoid, emitHardSigmoid},
	"Clip":        {nil, emitClip},
	"Softmax":     {nil, axisOp("SoftMax", "opset8")},
	"LogSoftmax":  {nil, axisOp("LogSoftmax", "opset5")},
	"Gelu":        {nil, emitGelu},
	"Swish":       {nil, emitSwish},
}

func emitLeakyRelu(e *emitter, n *ir.Node) {
	slope := e.floats(n.Out(0).DType, []float64{n.Float("alpha", 0.01)}, 1)
	e.final("PReLU", "opset1", nil, e.in(0), slope)
}

func legalPRelu(n *ir.Node) string {
	if r, s := rank(n, 0), rank(n, 1); r < 0 || s < 0 || s > r {
		return "PRelu needs a slope whose rank does not exceed its input's"
	}
	return ""
}

// emitPRelu: a slope of rank 1 stands for channels in OpenVINO and for the last
// axis in ONNX, so only slopes along axis 1 become a PReLU; the others are
// spelled as max(x,0) + slope*min(x,0).
func emitPRelu(e *emitter, n *ir.Node) {
	slope, r, o := n.In(1), rank(n, 0), n.Out(0)
	if slope.IsConst() && r > 1 {
		if slope.Const.Len() == 1 {
			e.final("PReLU", "opset1", nil, e.in(0), e.constant(e.view(slope.Const, []int{1})))
			return
		}
		s := slope.Const.Shape()
		if at := len(s) - (r - 1); at >= 0 && s[at] == slope.Const.Len() && n.In(0).Shape[1].Is(int64(s[at])) {
			e.final("PReLU", "opset1", nil, e.in(0), e.constant(e.view(slope.Const, []int{s[at]})))
			return
		}
	}
	x, zero := e.in(0), e.scalar(o.DType, 0)
	pos := e.op("ReLU", "opset1", o.DType, o.Shape, nil, x)
	neg := e.op("Minimum", "opset1", o.DType, o.Shape, numpy, x, zero)
	neg = e.op("Multiply", "opset1", o.DType, o.Shape, numpy, neg, e.in(1))
	e.final("Add", "opset1", numpy, pos, neg)
}

func emitElu(e *emitter, n *ir.Node) {
	e.final("Elu", "opset1", []attr{{"alpha", float(n.Float("alpha", 1))}}, e.in(0))
}

// legalSelu: the CPU plugin takes a zero for a factor that is not given.
func legalSelu(n *ir.Node) string {
	if n.Float("alpha", 1) == 0 || n.Float("gamma", 1) == 0 {
		return "Selu with alpha or gamma 0, for which the CPU plugin takes its defaults"
	}
	return ""
}

func emitSelu(e *emitter, n *ir.Node) {
	d := n.Out(0).DType
	e.final("Selu", "opset1", nil, e.in(0),
		e.floats(d, []float64{n.Float("alpha", 1.6732632423543772)}, 1), e.floats(d, []float64{n.Float("gamma", 1.0507009873554805)}, 1))
}

// legalHardSigmoid: the CPU plugin takes a zero for a factor that is not given.
func legalHardSigmoid(n *ir.Node) string {
	if n.Float("alpha", 0.2) == 0 || n.Float("beta", 0.5) == 0 {
		return "HardSigmoid with alpha or beta 0, for which the CPU plugin takes its defaults"
	}
	return ""
}

func emitHardSigmoid(e *emitter, n *ir.Node) {
	d := n.Out(0).DType
	e.final("HardSigmoid", "opset1", nil, e.in(0), e.scalar(d, n.Float("alpha", 0.2)), e.scalar(d, n.Float("beta", 0.5)))
}

// emitClip writes Clamp where both bounds are known numbers in order. Clamp
// refuses min > max, where ONNX gives max: that and unknown bounds become
// Maximum and Minimum.
func emitClip(e *emitter, n *ir.Node) {
	d := n.Out(0).DType
	bound := func(i int, missing float64) (float64, bool) {
		if n.In(i) == nil {
			return missing, true
		}
		return n.In(i).ConstScalar()
	}
	lo, okLo := bound(1, lowest)
	hi, okHi := bound(2, highest)
	if okLo && okHi && lo < hi && d.IsFloat() && !math.IsNaN(lo+hi) {
		e.final("Clamp", "opset1", []attr{{"min", float(max(lo, lowest))}, {"max", float(min(hi, highest))}}, e.in(0))
		return
	}
	p := e.in(0)
	if n.In(1) != nil {
		p = e.op("Maximum", "opset1", d, n.Out(0).Shape, numpy, p, e.in(1))
	}
	if n.In(2) != nil {
		p = e.op("Minimum", "opset1", d, n.Out(0).Shape, numpy, p, e.in(2))
	}
	e.finish(p)
}

func axisOp(typ, version string) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		e.final(typ, version, []attr{{"axis", ints([]int64{n.Int("axis", -1)})}}, e.in(0))
	}
}

func emitGelu(e *emitter, n *ir.Node) {
	mode := "ERF"
	if n.Str("approximate", "none") == "tanh" {
		mode = "TANH"
	}
	e.final("Gelu", "opset7", []attr{{"approximation_mode", mode}}, e.in(0))
}

func emitSwish(e *emitter, n *ir.Node) {
	in := []port{e.in(0)}
	if a := n.Float("alpha", 1); a != 1 {
		in = append(in, e.scalar(n.Out(0).DType, a))
	}
	e.final("Swish", "opset4", nil, in...)
}
