package coreml

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target/internal/intrange"
)

// integers warns of 64-bit integers of the data that 32 bits may not hold, which
// are all that programs have.
func integers(g *ir.Graph) diag.List {
	loss := intrange.Check(g, func(*ir.Node) bool { return false })
	if len(loss.Cut) == 0 {
		return nil
	}
	ops, layers := intrange.Kinds(loss.Cut)
	f := diag.Warnf("coreml.int64", "Core ML has integers of 32 bits: of results of %s beyond them the low bits are left", ops)
	f.Layers = layers
	return diag.List{f}
}
