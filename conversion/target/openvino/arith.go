package openvino

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var arithOps = map[string]spelling{
	"Add": sides("Add", numpy), "Sub": sides("Subtract", numpy), "Mul": sides("Multiply", numpy),
	"Div": sides("Divide", division), "Pow": {nil, emitPow}, "Mod": {nil, emitMod},
	"Min": chain("Minimum"), "Max": chain("Maximum"), "Sum": chain("Add"), "Mean": {nil, emitMean},
	"Exp": unary("Exp", "opset1"), "Log": unary("Log", "opset1"), "Sqrt": unary("Sqrt", "opset1"),
	"Abs": unary("Abs", "opset1"), "Neg": unary("Negative", "opset1"),
	"Floor": unary("Floor", "opset1"), "Ceil": unary("Ceiling", "opset1"), "Sign": unary("Sign", "opset1"),
	"Sin": unary("Sin", "opset1"), "Cos": unary("Cos", "opset1"), "Tan": unary("Tan", "opset1"),
	"Asin": unary("Asin", "opset1"), "Acos": unary("Acos", "opset1"), "Atan": unary("Atan", "opset1"),
	"Sinh": unary("Sinh", "opset1"), "Cosh": unary("Cosh", "opset1"),
	"Asinh": unary("Asinh", "opset4"), "Acosh": unary("Acosh", "opset4"), "Atanh": unary("Atanh", "opset4"),
	"Round":      {nil, emitRound},
	"Reciprocal": {nil, emitReciprocal},
	"Equal":      binary("Equal", "opset1"), "Greater": binary("Greater", "opset1"), "Less": binary("Less", "opset1"),
	"GreaterOrEqual": binary("GreaterEqual", "opset1"), "LessOrEqual": binary("LessEqual", "opset1"),
	"And": binary("LogicalAnd", "opset1"), "Or": binary("LogicalOr", "opset1"), "Xor": binary("LogicalXor", "opset1"),
	"Not":        unary("LogicalNot", "opset1"),
	"BitwiseAnd": binary("BitwiseAnd", "opset13"), "BitwiseOr": binary("BitwiseOr", "opset13"), "BitwiseXor": binary("BitwiseXor", "opset13"),
	"BitwiseNot": unary("BitwiseNot", "opset13"), "BitShift": {nil, emitBitShift},
	"IsNaN": unary("IsNaN", "opset10"), "IsInf": {nil, emitIsInf},
	"Where": {nil, func(e *emitter, _ *ir.Node) { e.final("Select", "opset1", numpy, e.in(0), e.in(1), e.in(2)) }},
	"Cast":  {legalCast, emitCast},
}

// division: integers are truncated toward zero, as in ONNX, not floored.
var division = []attr{numpy[0], {"m_pythondiv", "false"}}

// sides spells an operator that leaves its left operand as it is for a right one
// of ones or zeros. OpenVINO then drops it without a look at the ranks (2026.4),
// so that an operand of lower rank than such a constant is raised to it here.
func sides(typ string, data []attr) spelling {
	return spelling{nil, func(e *emitter, n *ir.Node) {
		in := [2]port{e.in(0), e.in(1)}
		for i := range in {
			v, c := n.In(i), n.In(1-i)
			if more := c.Rank() - v.Rank(); c.IsConst() && v.Rank() >= 0 && more > 0 {
				axes, s := make([]int64, more), slices.Repeat(ir.Shape{ir.Static(1)}, more)
				for k := range axes {
					axes[k] = int64(k)
				}
				in[i] = e.op("Unsqueeze", "opset1", v.DType, append(s, v.Shape...), nil, in[i], e.ints(axes...))
			}
		}
		e.final(typ, "opset1", data, in[0], in[1])
	}}
}

// emitPow: base and exponent may differ in type in ONNX, and the result has the
// base's.
func emitPow(e *emitter, n *ir.Node) {
	d, ed := n.Out(0).DType, n.In(1).DType
	if d == ed || d.IsFloat() {
		e.final("Power", "opset1", numpy, e.in(0), e.convert(e.in(1), d))
		return
	}
	p := e.op("Power", "opset1", tensor.Float32, n.Out(0).Shape, numpy, e.convert(e.in(0), tensor.Float32), e.convert(e.in(1), tensor.Float32))
	e.finish(e.convert(p, d))
}

func emitMod(e *emitter, n *ir.Node) {
	typ := "FloorMod"
	if n.Int("fmod", 0) != 0 {
		typ = "Mod"
	}
	e.final(typ, "opset1", numpy, e.in(0), e.in(1))
}

func emitMean(e *emitter, n *ir.Node) {
	e.final("Multiply", "opset1", numpy, e.fold("Add", n), e.scalar(n.Out(0).DType, 1/float64(len(n.Inputs))))
}

func emitRound(e *emitter, _ *ir.Node) {
	e.final("Round", "opset5", []attr{{"mode", "half_to_even"}}, e.in(0))
}

func emitReciprocal(e *emitter, n *ir.Node) {
	e.final("Divide", "opset1", []attr{numpy[0], {"m_pythondiv", "false"}}, e.scalar(n.Out(0).DType, 1), e.in(0))
}

// emitBitShift: a shift by the width or more, which C++ leaves undefined, gives 0.
func emitBitShift(e *emitter, n *ir.Node) {
	d, s := n.Out(0).DType, n.Out(0).Shape
	typ := "BitwiseLeftShift"
	if n.Str("direction", "") == "RIGHT" {
		typ = "BitwiseRightShift"
	}
	by, width := e.in(1), float64(d.Bits())
	inside := e.op("Less", "opset1", tensor.Bool, n.In(1).Shape, numpy, by, e.scalar(d, width))
	by = e.op("Minimum", "opset1", d, n.In(1).Shape, numpy, by, e.scalar(d, width-1))
	e.final("Select", "opset1", numpy, inside, e.op(typ, "opset15", d, s, numpy, e.in(0), by), e.scalar(d, 0))
}

func emitIsInf(e *emitter, n *ir.Node) {
	e.final("IsInf", "opset10", []attr{
		{"detect_negative", boolean(n.Int("detect_negative", 1) != 0)}, {"detect_positive", boolean(n.Int("detect_positive", 1) != 0)},
	}, e.in(0))
}

func legalCast(n *ir.Node) string {
	if o := n.Out(0); o != nil {
		if _, ok := typeNames[o.DType]; !ok {
			return "Cast to " + o.DType.String() + " does not exist in OpenVINO IR"
		}
	}
	return ""
}

// largest8 are the largest finite numbers of the 8-bit floats.
var largest8 = map[tensor.DType]float64{tensor.Float8E4M3FN: 448, tensor.Float8E5M2: 57344}

func emitCast(e *emitter, n *ir.Node) {
	d := n.Out(0).DType
	if top := largest8[d]; top > 0 && n.Int("saturate", 1) != 0 {
		p := e.in(0)
		if from := n.In(0).DType; from != tensor.Float16 {
			p = e.convert(p, tensor.Float32)
		}
		s := n.Out(0).Shape
		cut := e.op("Clamp", "opset1", p.dtype(), s, []attr{{"min", float(-top)}, {"max", float(top)}}, p)
		nan := e.op("IsNaN", "opset10", tensor.Bool, s, nil, p) // which Clamp would make a limit
		e.finish(e.convert(e.op("Select", "opset1", p.dtype(), s, numpy, nan, p, cut), d))
		return
	}
	if d.IsInt() && d.Bits() < 8 {
		e.finish(e.convert(e.lowBits(e.in(0), d, n.Out(0).Shape), d))
		return
	}
	e.finish(e.convert(e.in(0), d))
}

// lowBits is x truncated and cut to the bits of d, as Cast does; Convert to less
// than 8 bits keeps what does not fit.
func (e *emitter) lowBits(x port, d tensor.DType, s ir.Shape) port {
	p, half := e.convert(x, tensor.Int32), 1<<(d.Bits()-1)
	if d.IsSigned() {
		p = e.op("Add", "opset1", tensor.Int32, s, numpy, p, e.scalar(tensor.Int32, float64(half)))
	}
	p = e.op("BitwiseAnd", "opset13", tensor.Int32, s, numpy, p, e.scalar(tensor.Int32, float64(2*half-1)))
	if d.IsSigned() {
		p = e.op("Subtract", "opset1", tensor.Int32, s, numpy, p, e.scalar(tensor.Int32, float64(half)))
	}
	return p
}
