package arith

import (
	"slipway/conversion/ir"
)

var mulDef = binary("Mul", "Multiplies two tensors elementwise.", mulRows,
	func(a, b ir.Dim) (ir.Dim, bool) { return a.Mul(b), true })
