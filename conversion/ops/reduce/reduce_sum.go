package reduce

import (
	"slipway/conversion/ir"
)

var reduceSumDef = withContent(
	reduction("ReduceSum", "Adds all elements along the axes.", 13,
		folds{floats: sum[float64], ints: sum[int64], uints: sum[uint64]}),
	ir.Dim.Add)

func sum[T int64 | uint64 | float64](v []T) T {
	var s T
	for _, x := range v {
		s += x
	}
	return s
}
