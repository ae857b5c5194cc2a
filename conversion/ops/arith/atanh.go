package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var atanhDef = func() *op.Def {
	d := floatUnary("Atanh", "Takes the number whose hyperbolic tangent each element is.", math.Atanh)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		one := b.Scalar(x.DType, 1)
		q := b.Op("Div", nil, b.Op("Add", nil, one, x), b.Op("Sub", nil, one, x))
		return []*ir.Value{b.Op("Mul", nil, b.Op("Log", nil, q), b.Scalar(x.DType, 0.5))}, nil
	}
	return d
}()
