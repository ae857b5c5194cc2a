package activation

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var swishDef = curve("Swish", "Computes x*sigmoid(alpha*x) elementwise.",
	[]op.Attr{real("alpha", 1)},
	func(n *ir.Node) func(float64) float64 {
		a := n.Float("alpha", 1)
		return func(x float64) float64 { return x * sigmoid(a*x) }
	},
	func(b *op.Builder) ([]*ir.Value, error) {
		x, z := b.In(0), b.In(0)
		if a := b.Float("alpha", 1); a != 1 {
			z = b.Op("Mul", nil, x, b.Scalar(x.DType, a))
		}
		return one(b.Op("Mul", nil, x, b.Op("Sigmoid", nil, z)))
	})
