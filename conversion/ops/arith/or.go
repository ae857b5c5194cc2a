package arith

var orDef = compare("Or", "Tells elementwise whether a or b holds.",
	evalLogic(func(a, b bool) bool { return a || b }))
