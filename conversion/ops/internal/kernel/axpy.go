package kernel

// The vector forms for float32, nil where the processor has none.
var (
	fastTile      func(kc int, a, b, c []float32, ldc int)
	fastAxpy      func(v float32, x, y []float32)
	fastCorrelate func(w []float32, off []int, src, dst []float32)
)

// tileOf is fastTile where T is float32.
func tileOf[T Number]() func(kc int, a, b, c []T, ldc int) {
	f, _ := any(fastTile).(func(kc int, a, b, c []T, ldc int))
	return f
}

// AxpyOf returns a function that adds v*x to y; x must be as long as y.
func AxpyOf[T Number]() func(v T, x, y []T) {
	if f, ok := any(fastAxpy).(func(v T, x, y []T)); ok && f != nil {
		return f
	}
	return axpy[T]
}

func axpy[T Number](v T, x, y []T) {
	x = x[:len(y)]
	for i := range y {
		y[i] += v * x[i]
	}
}

// Slack is how many elements beyond the last one CorrelateOf may read from src
// and write to dst: both need that much room in their backing arrays, and src
// also in its length.
const Slack = 8

// CorrelateOf returns a function that sets dst[i] to the sum of
// w[t]*src[off[t]+i] over all t.
func CorrelateOf[T Number]() func(w []T, off []int, src, dst []T) {
	if f, ok := any(fastCorrelate).(func(w []T, off []int, src, dst []T)); ok && f != nil {
		return f
	}
	return correlate[T]
}

func correlate[T Number](w []T, off []int, src, dst []T) {
	clear(dst)
	for t, v := range w {
		axpy(v, src[off[t]:], dst)
	}
}
