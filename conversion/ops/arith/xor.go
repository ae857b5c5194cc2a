package arith

var xorDef = compare("Xor", "Tells elementwise whether exactly one of a and b holds.",
	evalLogic(func(a, b bool) bool { return a != b }))
