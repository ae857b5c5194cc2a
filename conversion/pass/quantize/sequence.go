package quantize

import (
	"slices"

	"slipway/conversion/ir"
)

// sequence reports whether n works on token sequences or on detectors' joined
// heads: their sums and products have outliers that 8 bits for the whole tensor do
// not hold, so they stay in float where the target lets them. These are tensors of
// rank 3, and, where results are quantized, sums of which a normalisation reads an
// operand or the result, in float as it does: what it divides by is different for
// every token, so that one scale for all loses the small ones. A target that
// computes everything in integers does so with other tensors of rank 3.
func (p *Plan) sequence(n *ir.Node) bool {
	profile := p.o.Profile
	if profile.outputs && profile.roles[n.Op] == combine && (p.normalised(n.Out(0)) || slices.ContainsFunc(n.Inputs, p.normalised)) {
		return true
	}
	return !profile.everything && n.Out(0) != nil && n.Out(0).Rank() == 3
}

// normalised reports whether a normalisation over the features of each token
// reads v.
func (p *Plan) normalised(v *ir.Value) bool {
	return v != nil && slices.ContainsFunc(v.Uses(), func(u ir.Use) bool {
		switch u.Node.Op {
		case "LayerNormalization", "RMSNormalization":
			return u.Index == 0
		}
		return false
	})
}
