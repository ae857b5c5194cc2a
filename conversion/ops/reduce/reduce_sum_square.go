package reduce

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var reduceSumSquareDef = func() *op.Def {
	d := reduction("ReduceSumSquare", "Adds the squares of all elements along the axes.", 18,
		folds{floats: sumSquare[float64], ints: sumSquare[int64], uints: sumSquare[uint64]})
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{again(b, "ReduceSum", b.Op("Mul", nil, b.In(0), b.In(0)))}, nil
	}
	return d
}()

func sumSquare[T int64 | uint64 | float64](v []T) T {
	var s T
	for _, x := range v {
		s += x * x
	}
	return s
}
