package arith

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var notDef = &op.Def{
	Name: "Not", Doc: "Negates truth values elementwise.", Family: "arith",
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: inferSame,
	Eval: func(c *op.EvalCtx) error {
		t, err := c.Need(0)
		if err != nil {
			return err
		}
		if t.DType() != tensor.Bool {
			return fmt.Errorf("is not defined for %v", t.DType())
		}
		out := make([]bool, t.Len())
		kernel.Map(out, t.Bytes(), func(x uint8) bool { return x == 0 })
		c.Out[0] = tensor.Of(out, t.Shape()...)
		return nil
	},
}
