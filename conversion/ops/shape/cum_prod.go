package shape

var cumProdDef = cumulative("CumProd", "Multiplies elements along an axis, each with all before it.", 1,
	func(a, b float64) float64 { return a * b }, func(a, b int64) int64 { return a * b })
