package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var softsignDef = curve("Softsign", "Computes x/(1+|x|) elementwise.", nil,
	plain(func(x float64) float64 { return x / (1 + math.Abs(x)) }),
	func(b *op.Builder) ([]*ir.Value, error) {
		size := b.Op("Add", nil, b.Op("Abs", nil, b.In(0)), b.Scalar(b.In(0).DType, 1))
		return one(b.Op("Div", nil, b.In(0), size))
	})
