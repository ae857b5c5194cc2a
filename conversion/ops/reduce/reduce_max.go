package reduce

import (
	"math"
	"slices"

	"slipway/conversion/tensor"
)

var reduceMaxDef = reduction("ReduceMax", "Takes the largest element along the axes; NaN wins.", 18, folds{
	floats: func(v []float64) float64 {
		m := math.Inf(-1)
		for _, x := range v {
			m = max(m, x)
		}
		return m
	},
	ints: slices.Max[[]int64],
	uints: func(v []uint64) uint64 {
		m := uint64(0)
		for _, x := range v {
			m = max(m, x)
		}
		return m
	},
	truth: true,
	emptyInt: func(d tensor.DType) int64 {
		if d.IsSigned() {
			return math.MinInt64 >> (64 - d.Bits())
		}
		return 0
	},
})
