package arith

var signDef = unary("Sign", "Gives -1, 0 or 1 by the sign of each element.", through64(sign64), sign64,
	func(x int64) int64 { return int64(min(1, max(-1, x))) }, func(x uint64) uint64 { return min(1, x) })
