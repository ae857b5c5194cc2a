package arith

import (
	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
)

var maxDef = variadic("Max", "Takes the elementwise maximum of all inputs; NaN wins.", maxRows, "Max", maxDims)

func maxDims(a, b ir.Dim) (ir.Dim, bool) {
	x, ok := a.Int()
	y, ok2 := b.Int()
	if ok && ok2 {
		return ir.Static(max(x, y)), true
	}
	if a.Equal(b) {
		return a, true
	}
	return kernel.Max(a, b), true
}
