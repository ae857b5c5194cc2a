package ncnn

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Blobs of floats hold whole numbers up to 2^24 exactly, and truth values as 0 and
// 1. What is computed from them is as exact where it stays below that.

var wholeOps = map[string]spelling{
	"Not": not, "And": pairwise(opMul), "Or": pairwise(opMax), "Xor": unlike,
	"Equal": equal, "Less": less(false), "Greater": less(true), "LessOrEqual": atMost(false), "GreaterOrEqual": atMost(true),
	"CumSum": cumSum, "ArgMax": argMax(true), "ArgMin": argMax(false),
}

// arithmetic are the operators of numbers that take integers too.
var arithmetic = map[string]bool{
	"Add": true, "Sub": true, "Mul": true, "Div": true, "Mod": true, "Neg": true, "Abs": true, "Sign": true, "Max": true, "Min": true, "Sum": true, "Clip": true,
	"ReduceSum": true, "ReduceMax": true, "ReduceMin": true, "CumSum": true, "Where": true, "ArgMax": true, "ArgMin": true,
}

// logic are the operators of truth values.
var logic = map[string]bool{"Not": true, "And": true, "Or": true, "Xor": true}

// compared are the operators that compare whole numbers.
var compared = map[string]bool{"Equal": true, "Less": true, "Greater": true, "LessOrEqual": true, "GreaterOrEqual": true}

// exact is the number up to which floats of 32 bits hold every integer.
const exact = 1 << 24

// isWhole reports whether blobs hold values of type d as whole numbers.
func isWhole(d tensor.DType) bool {
	return d == tensor.Int32 || d == tensor.Int64 || d == tensor.Bool
}

// isShort reports whether blobs hold values of type d, and no other operation than a
// move may be done with them: what is beyond the type's range comes back from its other
// end.
func isShort(d tensor.DType) bool { return d.IsInt() && d.Bits() <= 16 }

// unheld says why blobs cannot hold what n works on; Cast and quantizers say so
// themselves.
func unheld(n *ir.Node, v *ir.Value) string {
	switch {
	case v.DType == tensor.Float32 || n.Op == "Cast" || n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear":
		return ""
	case isShort(v.DType) && (shapeOps[n.Op] != nil || n.Op == "MaxPool"): // moved alone, so that none wraps around
		return ""
	case isWhole(v.DType) && (arithmetic[n.Op] || compared[n.Op] || logic[n.Op] || shapeOps[n.Op] != nil || n.Op == "Identity"):
		return ""
	}
	return "ncnn's blobs are 32-bit floats; " + n.Op + " works on " + v.DType.String()
}

// tooLarge says that a constant that n computes with is more than a float holds.
func tooLarge(n *ir.Node) string {
	if !arithmetic[n.Op] && !compared[n.Op] && n.Op != "Concat" || n.Out(0) == nil {
		return ""
	}
	for i, v := range n.Inputs {
		if v == nil || !v.IsConst() || !v.DType.IsInt() || i > 0 && (reduceOps[n.Op] != nil || n.Op == "CumSum") {
			continue
		}
		for _, x := range v.Const.Float64s() {
			if math.Abs(x) > exact {
				return "ncnn's blobs are 32-bit floats, which hold whole numbers to 16777216; " + n.Op + " works on larger ones"
			}
		}
	}
	return ""
}

// one is a BinaryOp of b and a number.
func (e *emitter) one(op int, b *blob, y float64) *blob {
	return e.add("BinaryOp", []*blob{b}, b.dims, num(0, op), num(1, 1), flt(2, y))
}

// unary1 is UnaryOp.
func (e *emitter) unary1(op int, b *blob) *blob {
	return e.add("UnaryOp", []*blob{b}, b.dims, num(0, op))
}

// some is 1 where a whole number of at least 0 is not 0.
func (e *emitter) some(b *blob) *blob {
	return e.add("Clip", []*blob{b}, b.dims, flt(0, 0), flt(1, 1))
}

// none is 1 where a truth value is 0.
func (e *emitter) none(b *blob) *blob { return e.one(opRSub, b, 1) }

func not(e *emitter, n *ir.Node) string {
	e.set(n.Out(0), e.none(e.in(n.In(0))))
	return ""
}

// differ is 1 where whole numbers differ.
func (e *emitter) differ(n *ir.Node) *blob {
	return e.some(e.unary1(0, e.binary(opSub, operand{v: n.In(0)}, operand{v: n.In(1)})))
}

func unlike(e *emitter, n *ir.Node) string {
	e.set(n.Out(0), e.differ(n))
	return ""
}

func equal(e *emitter, n *ir.Node) string {
	if isWhole(n.In(0).DType) {
		e.set(n.Out(0), e.none(e.differ(n)))
		return ""
	}
	e.set(n.Out(0), e.orEndless(n, e.zero(e.binary(opSub, operand{v: n.In(0)}, operand{v: n.In(1)}))))
	return ""
}

// above is what operand i is more than the other one: at least 1 where whole numbers
// differ.
func (e *emitter) above(n *ir.Node, i int) *blob {
	return e.binary(opSub, operand{v: n.In(i)}, operand{v: n.In(1 - i)})
}

func less(greater bool) spelling {
	return func(e *emitter, n *ir.Node) string {
		i := 1
		if greater {
			i = 0
		}
		if d := e.above(n, i); isWhole(n.In(0).DType) {
			e.set(n.Out(0), e.some(d))
		} else {
			e.set(n.Out(0), e.beyond(d, 0))
		}
		return ""
	}
}

func atMost(least bool) spelling {
	return func(e *emitter, n *ir.Node) string {
		i := 1
		if least {
			i = 0
		}
		if isWhole(n.In(0).DType) {
			e.set(n.Out(0), e.none(e.some(e.above(n, 1-i))))
			return ""
		}
		e.set(n.Out(0), e.orEndless(n, e.beyond(e.above(n, i), -nothing)))
		return ""
	}
}

// nothing is what floats differ by that are the same: less than it ncnn takes for 0.
const nothing = 1.2e-38

// beyond is 1 where b is more than limit, and 0 where it is not, or no number.
func (e *emitter) beyond(b *blob, limit float64) *blob {
	return e.add("Threshold", []*blob{b}, b.dims, flt(0, limit))
}

// zero is 1 where a float is 0, and 0 where it is no number.
func (e *emitter) zero(b *blob) *blob {
	return e.beyond(e.unary1(1, e.unary1(0, b)), -nothing)
}

// orEndless adds to a truth value found by a difference that both operands are the
// same infinity, which has none. A finite constant is none.
func (e *emitter) orEndless(n *ir.Node, b *blob) *blob {
	for _, v := range n.Inputs {
		c := packed(v)
		if c != nil && !slices.ContainsFunc(c.floats(), func(x float32) bool { return math.IsInf(float64(x), 0) }) {
			return b
		}
	}
	for _, below := range []bool{false, true} {
		var both [2]operand
		for i, v := range n.Inputs {
			x := e.in(v)
			if below {
				x = e.unary1(1, x)
			}
			both[i] = operand{b: e.beyond(x, math.MaxFloat32)}.shaped(full(v))
		}
		b = e.add("BinaryOp", []*blob{b, e.reshape(e.binary(opMul, both[0], both[1]), b.dims)}, b.dims, num(0, opMax))
	}
	return b
}

// cast: a blob is in 32-bit floats, whatever the model says.
func cast(e *emitter, n *ir.Node) string {
	x := n.In(0)
	from, to := x.DType, n.Out(0).DType
	switch {
	case stays(x, to):
		e.alias(n.Out(0), x)
	case to == tensor.Bool && isWhole(from):
		e.set(n.Out(0), e.some(e.unary1(0, e.in(x))))
	case to == tensor.Bool && from == tensor.Float32:
		e.set(n.Out(0), e.none(e.zero(e.in(x))))
	case from == tensor.Float32 && isRounded(x, to):
		e.alias(n.Out(0), x)
	case from == tensor.Float32 && isWhole(to) && to != tensor.Bool:
		e.set(n.Out(0), e.unary1(19, e.in(x))) // towards zero
	default:
		return "from " + from.String() + " to " + to.String() + " is not possible: blobs are 32-bit floats"
	}
	return ""
}

// stays reports whether the number in a blob that stands for v is also what v is as
// type to.
func stays(v *ir.Value, to tensor.DType) bool {
	half := func(d tensor.DType) bool { return d == tensor.Float16 || d == tensor.Float32 }
	from := v.DType
	short := isShort(from)
	switch to {
	case from:
		return true
	case tensor.Float32:
		return half(from) || isWhole(from) || short || given(v) != nil
	case tensor.Float16:
		return half(from) || given(v) != nil
	case tensor.Int32:
		return from == tensor.Bool || short || from == tensor.Int64 && !unsigned(v)
	case tensor.Int64:
		return from == tensor.Bool || short || from == tensor.Int32 || from == tensor.Uint32
	}
	return false
}

// unsigned reports whether v shows 32-bit integers without a sign, of which those
// with the highest bit become others where they get one.
func unsigned(v *ir.Value) bool {
	return v.Node() != nil && v.Node().Op == "Cast" && v.Node().In(0).DType == tensor.Uint32
}

// lane is v seen along axis a: what lies outside, the axis, what lies inside.
func (e *emitter) lane(v *ir.Value, a int) *blob {
	d := full(v)
	if inner := count(d[a+1:]); inner > 1 {
		return e.as(v, count(d[:a]), d[a], inner)
	}
	return e.as(v, count(d[:a]), d[a])
}

// cumSum is CumulativeSum; without the element itself it is shifted by one.
func cumSum(e *emitter, n *ir.Node) string {
	axes, ok := known(n.In(1))
	if !ok || len(axes) != 1 {
		return "needs a constant axis"
	}
	if n.Int("reverse", 0) != 0 {
		return "goes forward"
	}
	b := e.lane(n.In(0), axis(axes[0], len(full(n.In(0)))))
	size := b.dims[1]
	b = e.add("CumulativeSum", []*blob{b}, b.dims, num(0, 1))
	if n.Int("exclusive", 0) != 0 {
		if size == 1 {
			return "of one element without itself is not possible"
		}
		before, after := make([]int, len(b.dims)), make([]int, len(b.dims))
		before[1] = 1
		b = e.padding(e.cropAll(b, []part{{1, 0, size - 1, 1}}), before, after, 0, 0)
	}
	e.set(n.Out(0), b)
	return ""
}

// argMax is the least place of those that hold the largest number, or the last.
func argMax(largest bool) spelling {
	return func(e *emitter, n *ir.Node) string {
		x := e.lane(n.In(0), axis(int(n.Int("axis", 0)), len(full(n.In(0)))))
		size, shape := x.dims[1], append([]int{}, x.dims...)
		shape[1] = 1
		reduce := func(op int, b *blob) *blob {
			return e.add("Reduction", []*blob{b}, shape, num(0, op), num(1, 0), ints(3, []int{1}), num(4, 1), num(5, 1))
		}
		best, less := 5, opSub
		if largest {
			best, less = 4, opRSub
		}
		off := e.beyond(e.add("BinaryOp", []*blob{x, reduce(best, x)}, x.dims, num(0, less)), 0)
		at := tensor.New(tensor.Float32, size)
		for k, v := 0, tensor.View[float32](at); k < size; k++ {
			v[k] = float32(k)
		}
		lane := []int{1, size, 1}[:len(shape)]
		place := e.memory(&ir.Value{Name: n.Name + "_places"}, &constant{t: at}, lane)
		// What does not hold it is put behind, or before, all places.
		far, find := float64(size), 5
		if n.Int("select_last_index", 0) != 0 {
			far, find = -float64(size), 4
		}
		e.set(n.Out(0), reduce(find, e.add("BinaryOp", []*blob{e.one(opMul, off, far), place}, x.dims, num(0, opAdd))))
		return ""
	}
}
