package reduce

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var reduceL1Def = func() *op.Def {
	d := reduction("ReduceL1", "Adds the absolute values along the axes.", 18, folds{
		floats: func(v []float64) float64 {
			s := 0.0
			for _, x := range v {
				s += math.Abs(x)
			}
			return s
		},
		ints: func(v []int64) int64 {
			s := int64(0)
			for _, x := range v {
				s += max(x, -x)
			}
			return s
		},
		uints: sum[uint64],
	})
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{again(b, "ReduceSum", b.Op("Abs", nil, b.In(0)))}, nil
	}
	return d
}()
