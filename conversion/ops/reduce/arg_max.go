package reduce

var argMaxDef = position("ArgMax", "Finds the index of the largest element along an axis.",
	func(a, best float64) bool { return a > best }, func(a, best int64) bool { return a > best })
