package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var softplusDef = curve("Softplus", "Computes ln(1+exp(x)) elementwise.", nil, plain(softplus),
	func(b *op.Builder) ([]*ir.Value, error) {
		// max(x,0) + ln(1+exp(-|x|)) is the same and does not overflow.
		x, d := b.In(0), b.In(0).DType
		small := b.Op("Exp", nil, b.Op("Neg", nil, b.Op("Abs", nil, x)))
		tail := b.Op("Log", nil, b.Op("Add", nil, small, b.Scalar(d, 1)))
		return one(b.Op("Add", nil, b.Op("Relu", nil, x), tail))
	})

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
