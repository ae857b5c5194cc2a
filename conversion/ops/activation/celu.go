package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var celuDef = curve("Celu", "Bends negative elements to alpha*(exp(x/alpha)-1).",
	[]op.Attr{real("alpha", 1)},
	func(n *ir.Node) func(float64) float64 {
		a := n.Float("alpha", 1)
		return func(x float64) float64 { return max(x, 0) + min(a*math.Expm1(x/a), 0) }
	},
	func(b *op.Builder) ([]*ir.Value, error) {
		x, d, a := b.In(0), b.In(0).DType, b.Float("alpha", 1)
		if a == 1 {
			return one(b.Op("Elu", ir.Attrs{"alpha": 1.0}, x))
		}
		if a > 0 {
			elu := b.Op("Elu", ir.Attrs{"alpha": 1.0}, b.Op("Div", nil, x, b.Scalar(d, a)))
			return one(b.Op("Mul", nil, elu, b.Scalar(d, a)))
		}
		exp := b.Op("Exp", nil, b.Op("Div", nil, x, b.Scalar(d, a)))
		low := b.Op("Mul", nil, b.Op("Sub", nil, exp, b.Scalar(d, 1)), b.Scalar(d, a))
		return one(b.Op("Add", nil, b.Op("Relu", nil, x), b.Op("Min", nil, low, b.Scalar(d, 0))))
	})
