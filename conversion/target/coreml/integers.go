package coreml

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target/internal/intrange"
)

// integers warns of integers of the data that 32 bits with a sign may not hold,
// which are all that programs have.
func integers(g *ir.Graph) diag.List {
	loss := intrange.Check(g, func(*ir.Node) bool { return false })
	return append(
		intrange.Warn(loss.Cut, "coreml.int64", "Core ML has integers of 32 bits: of results of %s beyond them the low bits are left"),
		intrange.Warn(loss.Signed, "coreml.uint32", "Core ML has integers with a sign only: %s of 2147483648 and more goes wrong")...)
}
