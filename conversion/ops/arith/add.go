package arith

import (
	"slipway/conversion/ir"
)

var addDef = binary("Add", "Adds two tensors elementwise.", addRows,
	func(a, b ir.Dim) (ir.Dim, bool) { return a.Add(b), true })
