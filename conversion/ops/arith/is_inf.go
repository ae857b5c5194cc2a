package arith

import (
	"math"

	"slipway/conversion/op"
)

var isInfDef = test("IsInf", "Tells elementwise whether a number is infinite, of the signs asked for.",
	[]op.Attr{
		{Name: "detect_negative", Kind: op.Int, Default: int64(1)},
		{Name: "detect_positive", Kind: op.Int, Default: int64(1)},
	},
	func(c *op.EvalCtx) func(float64) bool {
		neg, pos := c.Int("detect_negative", 1) != 0, c.Int("detect_positive", 1) != 0
		return func(x float64) bool { return pos && math.IsInf(x, 1) || neg && math.IsInf(x, -1) }
	})
