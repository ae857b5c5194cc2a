package activation

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var hardSigmoidDef = curve("HardSigmoid", "Clips alpha*x+beta to [0,1].",
	[]op.Attr{real("alpha", 0.2), real("beta", 0.5)},
	func(n *ir.Node) func(float64) float64 {
		a, b := n.Float("alpha", 0.2), n.Float("beta", 0.5)
		return func(x float64) float64 { return min(max(a*x+b, 0), 1) }
	},
	func(b *op.Builder) ([]*ir.Value, error) {
		d := b.In(0).DType
		line := b.Op("Mul", nil, b.In(0), b.Scalar(d, b.Float("alpha", 0.2)))
		line = b.Op("Add", nil, line, b.Scalar(d, b.Float("beta", 0.5)))
		return one(b.Op("Clip", nil, line, b.Scalar(d, 0), b.Scalar(d, 1)))
	})
