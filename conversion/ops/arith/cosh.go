package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var coshDef = func() *op.Def {
	d := floatUnary("Cosh", "Takes the hyperbolic cosine of each element.", math.Cosh)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) { return exponentials(b, "Add"), nil }
	return d
}()
