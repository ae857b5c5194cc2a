package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var mishDef = curve("Mish", "Computes x*tanh(softplus(x)) elementwise.", nil,
	plain(func(x float64) float64 { return x * math.Tanh(softplus(x)) }),
	func(b *op.Builder) ([]*ir.Value, error) {
		return one(b.Op("Mul", nil, b.In(0), b.Op("Tanh", nil, b.Op("Softplus", nil, b.In(0)))))
	})
