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

// exactScale is what to multiply by in the place of n, a Div before a Round by a constant
// power of two; 0: of anything else. ncnn divides by approximate reciprocals, on which it
// depends to which side a number between two integers is rounded.
func exactScale(n *ir.Node) float64 {
	c := scalar(operand{v: n.In(1)})
	if c == nil || n.In(1).Rank() > n.In(0).Rank() || len(n.Out(0).Uses()) != 1 || n.Out(0).Uses()[0].Node.Op != "Round" {
		return 0
	}
	s := float64(c.floats()[0])
	if frac, _ := math.Frexp(s); frac != 0.5 || s < 0x1p-126 {
		return 0
	}
	return 1 / s
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
