package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var acoshDef = func() *op.Def {
	d := floatUnary("Acosh", "Takes the number whose hyperbolic cosine each element is.", math.Acosh)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		// ln(x+√(x²-1)) with x taken out of the sum, so that x² does not overflow.
		x := b.In(0)
		one := b.Scalar(x.DType, 1)
		q := b.Op("Div", nil, one, x)
		root := b.Op("Sqrt", nil, b.Op("Mul", nil, b.Op("Sub", nil, one, q), b.Op("Add", nil, one, q)))
		return []*ir.Value{b.Op("Add", nil, b.Op("Log", nil, x), b.Op("Log", nil, b.Op("Add", nil, one, root)))}, nil
	}
	return d
}()
