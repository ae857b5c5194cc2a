package arith

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var reciprocalDef = func() *op.Def {
	d := unary("Reciprocal", "Computes 1/x elementwise.",
		func(x float32) float32 { return 1 / x }, func(x float64) float64 { return 1 / x }, nil, nil)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{b.Op("Div", nil, b.Scalar(b.In(0).DType, 1), b.In(0))}, nil
	}
	return d
}()
