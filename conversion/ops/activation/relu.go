package activation

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var reluDef = &op.Def{
	Name: "Relu", Doc: "Replaces negative elements by zero; NaN stays.", Family: "activation",
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: inferSame,
	Eval: func(c *op.EvalCtx) error {
		t, err := c.Need(0)
		if err != nil {
			return err
		}
		switch d := t.DType(); {
		case d.IsFloat():
			c.Out[0], err = kernel.MapFloat(t,
				func(x float32) float32 { return max(x, 0) }, func(x float64) float64 { return max(x, 0) })
		case d.IsUnsigned():
			c.Out[0] = t
		case d.IsSigned():
			v, err := t.Int64s()
			if err != nil {
				return err
			}
			out := make([]int64, len(v))
			kernel.Map(out, v, func(x int64) int64 { return max(x, 0) })
			c.Out[0], err = tensor.Of(out, t.Shape()...).Cast(d)
			return err
		default:
			return fmt.Errorf("is not defined for %v", d)
		}
		return err
	},
	Harmless: []string{"consumed_inputs"},
	Tol:      op.Exact,
}
