package arith

import (
	"slipway/conversion/ir"
)

var subDef = binary("Sub", "Subtracts the second tensor from the first elementwise.", subRows,
	func(a, b ir.Dim) (ir.Dim, bool) { return a.Sub(b), true })
