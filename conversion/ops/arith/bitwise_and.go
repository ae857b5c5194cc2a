package arith

var bitwiseAndDef = bitwise("BitwiseAnd", "Keeps the bits that both integers have.",
	func(a, b int64) int64 { return a & b }, func(a, b uint64) uint64 { return a & b })
