package activation

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var geluDef = func() *op.Def {
	d := curve("Gelu", "Weighs each element by the normal distribution: x*Phi(x), or its tanh approximation.",
		[]op.Attr{{Name: "approximate", Kind: op.Str, Default: "none"}},
		func(n *ir.Node) func(float64) float64 {
			if n.Str("approximate", "none") == "tanh" {
				return func(x float64) float64 {
					return 0.5 * x * (1 + math.Tanh(geluScale*(x+geluCubic*x*x*x)))
				}
			}
			return func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }
		},
		decomposeGelu)
	infer := d.Infer
	d.Infer = func(c *op.InferCtx) error {
		if a := c.Str("approximate", "none"); a != "none" && a != "tanh" {
			return fmt.Errorf("approximate %q is neither none nor tanh", a)
		}
		return infer(c)
	}
	return d
}()

// The constants of Hendrycks and Gimpel, "Gaussian Error Linear Units".
const (
	geluScale = 0.79788456080286535588 // sqrt(2/pi)
	geluCubic = 0.044715
)

func decomposeGelu(b *op.Builder) ([]*ir.Value, error) {
	x, d := b.In(0), b.In(0).DType
	var inner *ir.Value
	if b.Str("approximate", "none") == "tanh" {
		cube := b.Op("Mul", nil, b.Op("Mul", nil, x, x), x)
		sum := b.Op("Add", nil, x, b.Op("Mul", nil, cube, b.Scalar(d, geluCubic)))
		inner = b.Op("Tanh", nil, b.Op("Mul", nil, sum, b.Scalar(d, geluScale)))
	} else {
		inner = b.Op("Erf", nil, b.Op("Div", nil, x, b.Scalar(d, math.Sqrt2)))
	}
	// In this order runtimes know the parts and compute them as one.
	gate := b.Op("Add", nil, inner, b.Scalar(d, 1))
	return one(b.Op("Mul", nil, b.Op("Mul", nil, x, gate), b.Scalar(d, 0.5)))
}
