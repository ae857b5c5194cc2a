package coreml

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var arithOps = map[string]spelling{
	"Add": binary("add"), "Sub": binary("sub"), "Mul": binary("mul"),
	"Div": {wide, emitDiv}, "Pow": {wide, emitPow}, "Mod": {wide, emitMod},
	"Min": chain("minimum"), "Max": chain("maximum"), "Sum": chain("add"), "Mean": {floats, emitMean},
	"Exp": unary("exp"), "Log": {floats, emitLog}, "Sqrt": unary("sqrt"),
	"Abs": {wide, one("abs")}, "Sign": {wide, one("sign")}, "Neg": {wide, emitNeg},
	"Floor": unary("floor"), "Ceil": unary("ceil"), "Round": unary("round"), "Sin": unary("sin"), "Cos": unary("cos"),
	"Tan": unary("tan"), "Asin": unary("asin"), "Acos": unary("acos"), "Atan": unary("atan"),
	"Sinh": unary("sinh"), "Cosh": unary("cosh"), "Atanh": unary("atanh"),

	"Reciprocal": {floats, emitReciprocal},
	"Equal":      compare("equal"), "Greater": compare("greater"), "Less": compare("less"),
	"GreaterOrEqual": compare("greater_equal"), "LessOrEqual": compare("less_equal"),
	"And": binary("logical_and"), "Or": binary("logical_or"), "Xor": binary("logical_xor"), "Not": {nil, one("logical_not")},
	"IsNaN": {floats, emitIsNaN}, "IsInf": {floats, emitIsInf},
	"Where": {nil, emitWhere},
	"Cast":  {legalCast, emitCast},
}

func one(typ string) func(*emitter, *ir.Node) {
	return func(e *emitter, _ *ir.Node) { e.final(typ, in("x", e.in(0))) }
}

// binary spells an operator as one broadcasting operation.
func binary(typ string) spelling {
	return spelling{wide, func(e *emitter, _ *ir.Node) { e.final(typ, in("x", e.in(0)), in("y", e.in(1))) }}
}

// compare spells a comparison; truth values are compared as integers.
func compare(typ string) spelling {
	return spelling{nil, func(e *emitter, _ *ir.Node) {
		e.final(typ, in("x", e.number(e.in(0))), in("y", e.number(e.in(1))))
	}}
}

// chain spells a variadic operator as a chain of broadcasting operations.
func chain(typ string) spelling {
	return spelling{wide, func(e *emitter, n *ir.Node) { e.finish(e.fold(typ, n)) }}
}

func (e *emitter) fold(typ string, n *ir.Node) val {
	p := e.in(0)
	for i := 1; i < len(n.Inputs); i++ {
		q := e.in(i)
		p = e.op(typ, p.dtype, broadcast(p.shape, q.shape), in("x", p), in("y", q))
	}
	return p
}

// broadcast is the shape of a result of two operands: an open size beside a known
// one is that, or 1.
func broadcast(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := append([]int{}, a...)
	for i, n := range b {
		if j := len(a) - len(b) + i; out[j] == 1 || out[j] < 0 && n > 1 {
			out[j] = n
		}
	}
	return out
}

// emitDiv: integers are truncated toward zero, so that floor_div divides the
// magnitudes.
func emitDiv(e *emitter, n *ir.Node) {
	x, y := e.in(0), e.in(1)
	if n.Out(0).DType.IsFloat() {
		e.final("real_div", in("x", x), in("y", y))
		return
	}
	d, s := tensor.Int32, shapeOf(n.Out(0))
	q := e.op("floor_div", d, s, in("x", e.op("abs", d, x.shape, in("x", x))), in("y", e.op("abs", d, y.shape, in("x", y))))
	sign := e.op("mul", d, s, in("x", e.op("sign", d, x.shape, in("x", x))), in("y", e.op("sign", d, y.shape, in("x", y))))
	e.final("mul", in("x", q), in("y", sign))
}

// emitPow: base and exponent may differ in type in ONNX, and the result has the
// base's.
func emitPow(e *emitter, n *ir.Node) {
	x, y := e.in(0), e.in(1)
	if x.dtype == y.dtype || x.dtype != tensor.Int32 {
		e.final("pow", in("x", x), in("y", e.convert(y, x.dtype)))
		return
	}
	p := e.op("pow", y.dtype, shapeOf(n.Out(0)), in("x", e.convert(x, y.dtype)), in("y", y))
	e.back(p)
}

// emitMod: mod has the divisor's sign, which is what integers have in ONNX; with
// fmod the result has the dividend's.
func emitMod(e *emitter, n *ir.Node) {
	x, y := e.in(0), e.in(1)
	if n.Int("fmod", 0) == 0 {
		e.final("mod", in("x", x), in("y", y))
		return
	}
	abs := func(p val) val { return e.op("abs", p.dtype, p.shape, in("x", p)) }
	m := e.op("mod", x.dtype, shapeOf(n.Out(0)), in("x", abs(x)), in("y", abs(y)))
	e.final("mul", in("x", m), in("y", e.op("sign", x.dtype, x.shape, in("x", x))))
}

func emitMean(e *emitter, n *ir.Node) {
	p := e.fold("add", n)
	e.final("mul", in("x", p), real("y", p.dtype, 1/float64(len(n.Inputs))))
}

// emitLog: the operation adds epsilon to its operand, and ONNX does not.
func emitLog(e *emitter, n *ir.Node) {
	e.final("log", in("x", e.in(0)), real("epsilon", held(n.Out(0).DType), 0))
}

func emitNeg(e *emitter, n *ir.Node) {
	e.final("mul", in("x", e.in(0)), real("y", held(n.Out(0).DType), -1))
}

func emitReciprocal(e *emitter, n *ir.Node) {
	e.final("real_div", real("x", held(n.Out(0).DType), 1), in("y", e.in(0)))
}

func emitIsNaN(e *emitter, _ *ir.Node) {
	e.final("not_equal", in("x", e.in(0)), in("y", e.in(0)))
}

// emitIsInf compares with the largest finite number.
func emitIsInf(e *emitter, n *ir.Node) {
	x, s := e.in(0), shapeOf(n.Out(0))
	top := float64(math.MaxFloat32)
	if x.dtype == tensor.Float16 {
		top = 65504
	}
	neg, pos := n.Int("detect_negative", 1) != 0, n.Int("detect_positive", 1) != 0
	switch {
	case neg && pos:
		e.final("greater", in("x", e.op("abs", x.dtype, s, in("x", x))), real("y", x.dtype, top))
	case pos:
		e.final("greater", in("x", x), real("y", x.dtype, top))
	case neg:
		e.final("less", in("x", x), real("y", x.dtype, -top))
	default:
		e.final("not_equal", real("x", x.dtype, 0), in("y", e.op("mul", x.dtype, s, in("x", e.op("sign", x.dtype, s, in("x", x))), real("y", x.dtype, 0))))
	}
}

// emitWhere gives all three operands the result's rank, which select wants.
func emitWhere(e *emitter, n *ir.Node) {
	wide := func(i int) val { return e.spreadOpen(e.in(i), n.In(i).Shape, n.Out(0).Shape) }
	e.final("select", in("cond", wide(0)), in("a", wide(1)), in("b", wide(2)))
}

// spread repeats p to the shape, which it broadcasts to.
func (e *emitter) spread(p val, shape []int) val {
	if equalInts(p.shape, shape) {
		return p
	}
	wide := make([]int, len(shape))
	reps := make([]int, len(shape))
	for i := range shape {
		wide[i] = 1
		if j := i - (len(shape) - len(p.shape)); j >= 0 {
			wide[i] = p.shape[j]
		}
		if reps[i] = 1; wide[i] == 1 {
			reps[i] = shape[i]
		}
	}
	p = e.reshape(p, wide)
	if equalInts(wide, shape) {
		return p
	}
	return e.op("tile", p.dtype, shape, in("x", p), ints("reps", reps...))
}

// reshape gives p another shape of as many elements.
func (e *emitter) reshape(p val, shape []int) val {
	if equalInts(p.shape, shape) || p.name == "" {
		return p
	}
	if len(shape) == 0 {
		return e.op("squeeze", p.dtype, shape, in("x", p))
	}
	return e.op("reshape", p.dtype, shape, in("x", p), ints("shape", shape...))
}

// wraps reports whether a Cast between integers must cut what is held in 32 bits
// to fewer.
func wraps(from, to tensor.DType) bool {
	return from.IsInt() && to.IsInt() && to.Bits() < 32 && (from.Bits() > to.Bits() || from.IsSigned() && !to.IsSigned() || from.Bits() == to.Bits() && from != to)
}

func legalCast(n *ir.Node) string {
	from, to := n.In(0).DType, n.Out(0).DType
	if to.Bits() < 8 || to == tensor.BFloat16 {
		return "Cast to " + to.String() + " has no equivalent"
	}
	if from == tensor.Uint32 && to == tensor.Int32 || from == tensor.Int32 && to == tensor.Uint32 {
		return "Cast from " + from.String() + " to " + to.String() + " has no equivalent: both are held in 32 bits with a sign"
	}
	if from.Bits() > 32 && wraps(from, to) {
		return "Cast from " + from.String() + " to " + to.String() + " takes the low bits of numbers that are held in 32"
	}
	return ""
}

// emitCast: a number that is not zero is true.
func emitCast(e *emitter, n *ir.Node) {
	p, d := e.in(0), held(n.Out(0).DType)
	to := n.Out(0).DType
	switch {
	case wraps(n.In(0).DType, to):
		// mod has the divisor's sign: the low bits as an unsigned number.
		half, all := 0.0, math.Ldexp(1, to.Bits())
		if to.IsSigned() {
			half = all / 2
			p = e.op("add", d, p.shape, in("x", p), real("y", d, half))
		}
		p = e.op("mod", d, p.shape, in("x", p), real("y", d, all))
		if half != 0 {
			p = e.op("sub", d, p.shape, in("x", p), real("y", d, half))
		}
		e.finish(p)
	case p.dtype == d:
		e.finish(p)
	case d == tensor.Bool:
		e.final("not_equal", in("x", p), real("y", p.dtype, 0))
	default:
		e.final("cast", in("x", p), word("dtype", castNames[d]))
	}
}
