package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var tanDef = func() *op.Def {
	d := floatUnary("Tan", "Takes the tangent of each element, in radians.", math.Tan)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{b.Op("Div", nil, b.Op("Sin", nil, b.In(0)), b.Op("Cos", nil, b.In(0)))}, nil
	}
	return d
}()
