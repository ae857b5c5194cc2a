package arith

import (
	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
)

var minDef = variadic("Min", "Takes the elementwise minimum of all inputs; NaN wins.", minRows, "Min", minDims)

func minDims(a, b ir.Dim) (ir.Dim, bool) {
	x, ok := a.Int()
	y, ok2 := b.Int()
	if ok && ok2 {
		return ir.Static(min(x, y)), true
	}
	if a.Equal(b) {
		return a, true
	}
	return kernel.Min(a, b), true
}
