package reduce

var reduceMeanDef = reduction("ReduceMean", "Takes the mean of all elements along the axes; integers truncate.", 18, folds{
	floats: func(v []float64) float64 { return sum(v) / float64(len(v)) },
	ints: func(v []int64) int64 {
		if len(v) == 0 {
			return 0
		}
		return sum(v) / int64(len(v))
	},
	uints: func(v []uint64) uint64 { return sum(v) / max(1, uint64(len(v))) },
})
