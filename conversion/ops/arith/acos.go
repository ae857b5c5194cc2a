package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var acosDef = func() *op.Def {
	d := floatUnary("Acos", "Takes the angle in radians whose cosine each element is.", math.Acos)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		// Half the angle has the tangent √((1-x)/(1+x)).
		t, x := b.In(0).DType, b.In(0)
		one := b.Scalar(t, 1)
		q := b.Op("Div", nil, b.Op("Sub", nil, one, x), b.Op("Add", nil, one, x))
		return []*ir.Value{b.Op("Mul", nil, b.Op("Atan", nil, b.Op("Sqrt", nil, q)), b.Scalar(t, 2))}, nil
	}
	return d
}()
