package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var eluDef = curve("Elu", "Bends negative elements to alpha*(exp(x)-1).",
	[]op.Attr{real("alpha", 1)},
	func(n *ir.Node) func(float64) float64 {
		a := n.Float("alpha", 1)
		return func(x float64) float64 {
			if x < 0 {
				return a * math.Expm1(x)
			}
			return x
		}
	},
	func(b *op.Builder) ([]*ir.Value, error) {
		x, d := b.In(0), b.In(0).DType
		exp := b.Op("Exp", nil, b.Op("Min", nil, x, b.Scalar(d, 0)))
		neg := b.Op("Mul", nil, b.Op("Sub", nil, exp, b.Scalar(d, 1)), b.Scalar(d, b.Float("alpha", 1)))
		return one(b.Op("Add", nil, b.Op("Relu", nil, x), neg))
	})
