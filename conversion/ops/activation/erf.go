package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var erfDef = curve("Erf", "Computes the error function elementwise.", nil, plain(math.Erf), decomposeErf)

// decomposeErf is formula 7.1.26 of Abramowitz and Stegun, "Handbook of
// Mathematical Functions"; it differs from erf by at most 1.5e-7.
func decomposeErf(b *op.Builder) ([]*ir.Value, error) {
	x, d := b.In(0), b.In(0).DType
	num := func(v float64) *ir.Value { return b.Scalar(d, v) }
	abs := b.Op("Abs", nil, x)
	t := b.Op("Div", nil, num(1), b.Op("Add", nil, b.Op("Mul", nil, abs, num(0.3275911)), num(1)))
	poly := num(1.061405429)
	for _, k := range []float64{-1.453152027, 1.421413741, -0.284496736, 0.254829592} {
		poly = b.Op("Add", nil, b.Op("Mul", nil, poly, t), num(k))
	}
	gauss := b.Op("Exp", nil, b.Op("Neg", nil, b.Op("Mul", nil, x, x)))
	tail := b.Op("Mul", nil, b.Op("Mul", nil, poly, t), gauss)
	return one(b.Op("Mul", nil, b.Op("Sign", nil, x), b.Op("Sub", nil, num(1), tail)))
}
