package activation

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var thresholdedReluDef = curve("ThresholdedRelu", "Keeps elements above alpha and makes the others 0.",
	[]op.Attr{real("alpha", 1)},
	func(n *ir.Node) func(float64) float64 {
		a := n.Float("alpha", 1)
		return func(x float64) float64 {
			if x > a {
				return x
			}
			return 0
		}
	},
	func(b *op.Builder) ([]*ir.Value, error) {
		x, d := b.In(0), b.In(0).DType
		above := b.Op("Greater", nil, x, b.Scalar(d, b.Float("alpha", 1)))
		return one(b.Op("Where", nil, above, x, b.Scalar(d, 0)))
	})
