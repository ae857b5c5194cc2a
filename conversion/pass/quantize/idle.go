package quantize

import (
	"math"

	"slipway/conversion/ir"
)

// Below these a Swish and a Gelu give less than one thousandth of what 8 bits
// tell apart in any range that reaches 1: x·σ(x) at -10, x·Φ(x) at -4.5.
const (
	swishIdle = -10
	geluIdle  = -4.5
)

// heard is the interval of v outside which what reads it answers with the same
// value as at the nearer end: an integer range need not go beyond. It is all
// numbers where one of the readers hears everything.
func (p *Plan) heard(v *ir.Value) Range {
	all := Range{math.Inf(-1), math.Inf(1)}
	if p.g.IsOutput(v) || len(v.Uses()) == 0 {
		return all
	}
	r := Range{math.Inf(1), math.Inf(-1)}
	for _, u := range v.Uses() {
		h := hears(v, u.Node)
		r.Min, r.Max = min(r.Min, h.Min), max(r.Max, h.Max)
	}
	return r
}

// hears is what n, which reads v, tells apart.
func hears(v *ir.Value, n *ir.Node) Range {
	switch n.Op {
	case "HardSwish":
		return Range{-3, math.Inf(1)}
	case "HardSigmoid":
		if a, b := n.Float("alpha", 0.2), n.Float("beta", 0.5); a > 0 {
			return Range{-b / a, (1 - b) / a}
		}
	case "Relu", "Clip":
		if lo, hi, ok := bounds(n); ok && n.In(0) == v {
			return Range{lo, hi}
		}
	case "Swish":
		if a := n.Float("alpha", 1); a > 0 {
			return Range{swishIdle / a, math.Inf(1)}
		}
	case "Gelu":
		return Range{geluIdle, math.Inf(1)}
	case "Sigmoid":
		return Range{swishIdle, -swishIdle}
	case "Mul":
		// A product with a gate of the value itself: the written-out Swish.
		for i, w := range n.Inputs {
			if g := w.Node(); i < 2 && g != nil && n.In(1-i) == v && w != v && g.In(0) == v {
				switch g.Op {
				case "HardSigmoid", "Sigmoid":
					return Range{hears(v, g).Min, math.Inf(1)}
				}
			}
		}
	}
	return Range{math.Inf(-1), math.Inf(1)}
}
