package arith

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var greaterOrEqualDef = func() *op.Def {
	d := compare("GreaterOrEqual", "Tells elementwise whether a >= b.",
		func(c *op.EvalCtx) error { return evalPredicate(c, greaterOrEqualRows) })
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		strict := b.Op("Greater", nil, b.In(0), b.In(1))
		return []*ir.Value{b.Op("Or", nil, strict, b.Op("Equal", nil, b.In(0), b.In(1)))}, nil
	}
	return d
}()
