package activation

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var hardSwishDef = curve("HardSwish", "Computes x*clip(x/6+1/2, 0, 1) elementwise.", nil,
	plain(func(x float64) float64 { return x * min(max(x/6+0.5, 0), 1) }),
	func(b *op.Builder) ([]*ir.Value, error) {
		gate := b.Op("HardSigmoid", ir.Attrs{"alpha": 1.0 / 6, "beta": 0.5}, b.In(0))
		return one(b.Op("Mul", nil, b.In(0), gate))
	})
