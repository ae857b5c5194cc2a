package ncnn

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Quantizers of a source model are taken apart into Div, Round, Add, Clip and Cast. The
// blob behind the Clip holds the integers already.

// isRounded reports whether the floats v are whole numbers that an integer type of at most
// 16 bits has.
func isRounded(v *ir.Value, to tensor.DType) bool {
	n := v.Node()
	switch {
	case !isShort(to) || n == nil:
		return false
	case n.Op == "Round": // as dynamic quantization has its zero point
		c := n.In(0).Node()
		return c != nil && isCut(c, to)
	}
	return isCut(n, to) && isWholeFloat(n.In(0))
}

// isCut reports whether n is a Clip between whole numbers of type to.
func isCut(n *ir.Node, to tensor.DType) bool {
	if n.Op != "Clip" {
		return false
	}
	lo, hi := 0.0, math.Ldexp(1, to.Bits())-1
	if to.IsSigned() {
		hi = math.Ldexp(1, to.Bits()-1) - 1
		lo = -hi - 1
	}
	for _, limit := range []*ir.Value{n.In(1), n.In(2)} {
		if limit == nil {
			return false
		}
		if x, ok := limit.ConstScalar(); !ok || x != math.Trunc(x) || x < lo || x > hi {
			return false
		}
	}
	return true
}

// quantizes reports whether n is the Div of a quantizer: what it gives becomes integers.
func quantizes(n *ir.Node) bool {
	for v := n.Out(0); len(v.Uses()) == 1; {
		u := v.Uses()[0].Node
		switch u.Op {
		case "Round", "Add", "Clip":
			v = u.Out(0)
		case "Cast":
			return isShort(u.Out(0).DType)
		default:
			return false
		}
	}
	return false
}

// steps is the quotient of a quantizer. ncnn divides by approximate reciprocals, and the
// last bit tells to which side a number between two integers is rounded: by a constant
// power of two it is a product, and by a computed scale what is left is divided once more.
func steps(e *emitter, n *ir.Node) string {
	x, s := operand{v: n.In(0)}, operand{v: n.In(1)}
	if c := scalar(s); c != nil && n.In(1).Rank() <= n.In(0).Rank() {
		if frac, _ := math.Frexp(float64(c.floats()[0])); frac == 0.5 && c.floats()[0] >= 0x1p-126 {
			e.set(n.Out(0), e.one(opMul, e.in(n.In(0)), 1/float64(c.floats()[0])))
			return ""
		}
	}
	if packed(n.In(1)) != nil || packed(n.In(0)) != nil {
		return pairwise(opDiv)(e, n)
	}
	shape := full(n.Out(0))
	q := e.binary(opDiv, x, s)
	q = e.add("Clip", []*blob{q}, q.dims, flt(0, -exact), flt(1, exact)) // finite, that something is left
	left := operand{b: e.binary(opSub, x, operand{b: e.binary(opMul, operand{b: q}.shaped(shape), s)}.shaped(shape))}.shaped(shape)
	e.set(n.Out(0), e.binary(opAdd, operand{b: q}.shaped(shape), operand{b: e.binary(opDiv, left, s)}.shaped(shape)))
	return ""
}

// isWholeFloat reports whether v has no fractions, by what computes it.
func isWholeFloat(v *ir.Value) bool {
	n := v.Node()
	switch {
	case v.DType.IsInt():
		return true
	case v.IsConst():
		for _, x := range v.Const.Float64s() {
			if x != math.Trunc(x) {
				return false
			}
		}
		return true
	case n == nil:
		return false
	case n.Op == "Round":
		return true
	case n.Op == "Add":
		return isWholeFloat(n.In(0)) && isWholeFloat(n.In(1))
	case n.Op == "Cast" || views[n.Op]:
		return isWholeFloat(n.In(0))
	}
	return false
}
