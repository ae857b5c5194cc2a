package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var isInfDef = func() *op.Def {
	d := test("IsInf", "Tells elementwise whether a number is infinite, of the signs asked for.",
		[]op.Attr{
			{Name: "detect_negative", Kind: op.Int, Default: int64(1)},
			{Name: "detect_positive", Kind: op.Int, Default: int64(1)},
		},
		func(c *op.EvalCtx) func(float64) bool {
			neg, pos := c.Int("detect_negative", 1) != 0, c.Int("detect_positive", 1) != 0
			return func(x float64) bool { return pos && math.IsInf(x, 1) || neg && math.IsInf(x, -1) }
		})
	// A comparison with infinity; with NaN, which equals nothing, where no sign is
	// asked for.
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		x, sign := b.In(0), math.Inf(1)
		neg, pos := b.Int("detect_negative", 1) != 0, b.Int("detect_positive", 1) != 0
		switch {
		case neg && pos:
			x = b.Op("Abs", nil, x)
		case neg:
			sign = math.Inf(-1)
		case !pos:
			sign = math.NaN()
		}
		return []*ir.Value{b.Op("Equal", nil, x, b.Scalar(x.DType, sign))}, nil
	}
	return d
}()
