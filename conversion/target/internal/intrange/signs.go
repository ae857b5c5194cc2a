package intrange

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// ordered lists the operators whose results do not follow from the bits of their
// operands alone, but from what numbers these stand for.
var ordered = map[string]bool{
	"Div": true, "Mod": true, "Max": true, "Min": true, "Clip": true, "Less": true, "LessOrEqual": true, "Greater": true, "GreaterOrEqual": true,
	"ReduceMax": true, "ReduceMin": true, "ReduceMean": true, "ReduceL1": true, "TopK": true, "ArgMax": true, "ArgMin": true, "Pow": true, "Sign": true, "Abs": true,
}

// tellsSigns reports whether n would give something else were its 32-bit integers
// without a sign taken for ones with a sign.
func (c *checker) tellsSigns(n *ir.Node) bool {
	switch n.Op {
	case "BitShift":
		if n.Str("direction", "") != "RIGHT" {
			return false
		}
	case "Cast":
		if d := n.Out(0).DType; d.IsInt() && d.Bits() <= 32 || d == tensor.Bool {
			return false
		}
	default:
		if !ordered[n.Op] {
			return false
		}
	}
	return slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool {
		// Data of which nothing is known have the limit of data; anything less is known.
		return v != nil && v.DType == tensor.Uint32 && c.of(v).hi >= dataLimit
	})
}
