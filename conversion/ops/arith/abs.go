package arith

import (
	"math"
)

var absDef = unary("Abs", "Takes the absolute value elementwise.", through64(math.Abs), math.Abs,
	func(x int64) int64 { return max(x, -x) }, func(x uint64) uint64 { return x })
