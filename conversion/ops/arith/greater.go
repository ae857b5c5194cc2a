package arith

import (
	"slipway/conversion/op"
)

var greaterDef = compare("Greater", "Tells elementwise whether a > b.",
	func(c *op.EvalCtx) error { return evalPredicate(c, greaterRows) })
