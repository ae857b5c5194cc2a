package arith

import (
	"slipway/conversion/op"
)

var lessDef = compare("Less", "Tells elementwise whether a < b.",
	func(c *op.EvalCtx) error { return evalPredicate(c, lessRows) })
