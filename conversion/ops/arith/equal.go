package arith

import (
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var equalDef = compare("Equal", "Tells elementwise whether a = b.", func(c *op.EvalCtx) error {
	a, b, err := operands(c)
	if err != nil {
		return err
	}
	if a.DType() != tensor.String {
		return evalPredicate(c, equalRows)
	}
	shape, err := kernel.BroadcastShape(a.Shape(), b.Shape())
	if err == nil {
		err = kernel.CheckSize(tensor.Bool, shape)
	}
	if err != nil {
		return err
	}
	c.Out[0] = zip(shape, a, b, a.Strings(), b.Strings(), kernel.RowOf(func(a, b string) bool { return a == b }))
	return nil
})
