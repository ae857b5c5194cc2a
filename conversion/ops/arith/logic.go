package arith

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// evalLogic computes a function of two truth values.
func evalLogic(f func(a, b bool) bool) func(*op.EvalCtx) error {
	row := kernel.RowOf(func(a, b uint8) bool { return f(a != 0, b != 0) })
	return func(c *op.EvalCtx) error {
		a, b, err := operands(c)
		if err != nil {
			return err
		}
		if a.DType() != tensor.Bool {
			return fmt.Errorf("is not defined for %v", a.DType())
		}
		shape, err := kernel.BroadcastShape(a.Shape(), b.Shape())
		if err == nil {
			err = kernel.CheckSize(tensor.Bool, shape)
		}
		if err != nil {
			return err
		}
		c.Out[0] = zip(shape, a, b, a.Bytes(), b.Bytes(), row)
		return nil
	}
}
