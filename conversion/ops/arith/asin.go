package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var asinDef = func() *op.Def {
	d := floatUnary("Asin", "Takes the angle in radians whose sine each element is.", math.Asin)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		// atan(x/√((1-x)(1+x))): the ends give atan(±∞), what lies beyond them NaN.
		x, one := b.In(0), b.Scalar(b.In(0).DType, 1)
		rest := b.Op("Mul", nil, b.Op("Sub", nil, one, x), b.Op("Add", nil, one, x))
		return []*ir.Value{b.Op("Atan", nil, b.Op("Div", nil, x, b.Op("Sqrt", nil, rest)))}, nil
	}
	return d
}()
