package arith

import (
	"slipway/conversion/ir"
)

var sumDef = variadic("Sum", "Adds all inputs elementwise.", addRows, "Add",
	func(a, b ir.Dim) (ir.Dim, bool) { return a.Add(b), true })
