package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var isNaNDef = func() *op.Def {
	d := test("IsNaN", "Tells elementwise whether a number is NaN.", nil,
		func(*op.EvalCtx) func(float64) bool { return math.IsNaN })
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{b.Op("Not", nil, b.Op("Equal", nil, b.In(0), b.In(0)))}, nil
	}
	return d
}()
