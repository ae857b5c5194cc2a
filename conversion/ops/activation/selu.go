package activation

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// The constants of Klambauer et al., "Self-Normalizing Neural Networks", in the
// precision of the ONNX schema.
const (
	seluAlpha = 1.67326319217681884765625
	seluGamma = 1.05070102214813232421875
)

var seluDef = curve("Selu", "Scales an Elu so that activations normalise themselves.",
	[]op.Attr{real("alpha", seluAlpha), real("gamma", seluGamma)},
	func(n *ir.Node) func(float64) float64 {
		a, g := n.Float("alpha", seluAlpha), n.Float("gamma", seluGamma)
		return func(x float64) float64 {
			if x <= 0 {
				return g * a * math.Expm1(x)
			}
			return g * x
		}
	},
	func(b *op.Builder) ([]*ir.Value, error) {
		elu := b.Op("Elu", ir.Attrs{"alpha": b.Float("alpha", seluAlpha)}, b.In(0))
		return one(b.Op("Mul", nil, elu, b.Scalar(b.In(0).DType, b.Float("gamma", seluGamma))))
	})
