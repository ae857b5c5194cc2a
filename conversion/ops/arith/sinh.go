package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var sinhDef = func() *op.Def {
	d := floatUnary("Sinh", "Takes the hyperbolic sine of each element.", math.Sinh)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) { return exponentials(b, "Sub"), nil }
	return d
}()

// exponentials is e^(x-ln 2) joined with e^(-x-ln 2): halves that are as far from
// overflow as the result.
func exponentials(b *op.Builder, join string) []*ir.Value {
	x, half := b.In(0), b.Scalar(b.In(0).DType, math.Ln2)
	rise := b.Op("Exp", nil, b.Op("Sub", nil, x, half))
	fall := b.Op("Exp", nil, b.Op("Sub", nil, b.Op("Neg", nil, x), half))
	return []*ir.Value{b.Op(join, nil, rise, fall)}
}
