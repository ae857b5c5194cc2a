package reduce

import (
	"slipway/conversion/ir"
)

var reduceProdDef = withContent(
	reduction("ReduceProd", "Multiplies all elements along the axes.", 18,
		folds{floats: product[float64], ints: product[int64], uints: product[uint64]}),
	ir.Dim.Mul)

func product[T int64 | uint64 | float64](v []T) T {
	p := T(1)
	for _, x := range v {
		p *= x
	}
	return p
}
