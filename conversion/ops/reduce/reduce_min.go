package reduce

import (
	"math"
	"slices"

	"slipway/conversion/tensor"
)

var reduceMinDef = reduction("ReduceMin", "Takes the smallest element along the axes; NaN wins.", 18, folds{
	floats: func(v []float64) float64 {
		m := math.Inf(1)
		for _, x := range v {
			m = min(m, x)
		}
		return m
	},
	ints: slices.Min[[]int64],
	uints: func(v []uint64) uint64 {
		m := uint64(math.MaxUint64)
		for _, x := range v {
			m = min(m, x)
		}
		return m
	},
	truth: true,
	emptyInt: func(d tensor.DType) int64 {
		switch {
		case d == tensor.Bool:
			return 1
		case d.IsSigned():
			return math.MaxInt64 >> (64 - d.Bits())
		}
		return 1<<d.Bits() - 1
	},
})
