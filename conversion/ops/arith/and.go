package arith

var andDef = compare("And", "Tells elementwise whether both a and b hold.",
	evalLogic(func(a, b bool) bool { return a && b }))
