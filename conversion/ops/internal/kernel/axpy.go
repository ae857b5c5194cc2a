package kernel

// fastTile and fastAxpy are the vector forms for float32, nil where the
// processor has none.
var (
	fastTile func(kc int, a, b, c []float32, ldc int)
	fastAxpy func(v float32, x, y []float32)
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
