package arith

var bitwiseOrDef = bitwise("BitwiseOr", "Joins the bits of two integers.",
	func(a, b int64) int64 { return a | b }, func(a, b uint64) uint64 { return a | b })
