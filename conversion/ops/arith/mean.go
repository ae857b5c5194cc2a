package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var meanDef = func() *op.Def {
	d := variadic("Mean", "Takes the elementwise mean of all inputs.", addRows, "Add", nil)
	d.Eval = func(c *op.EvalCtx) error {
		if err := evalChain(c, addRows); err != nil {
			return err
		}
		sum := c.Out[0]
		if !sum.DType().IsFloat() {
			return fmt.Errorf("is not defined for %v", sum.DType())
		}
		n := len(c.In)
		var err error
		c.Out[0], err = kernel.MapFloat(sum,
			func(x float32) float32 { return x / float32(n) }, func(x float64) float64 { return x / float64(n) })
		return err
	}
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		sum := chained(b, "Add")
		if n := len(b.Inputs); n > 1 {
			sum = b.Op("Div", nil, sum, b.Scalar(b.In(0).DType, float64(n)))
		}
		return []*ir.Value{sum}, nil
	}
	return d
}()
