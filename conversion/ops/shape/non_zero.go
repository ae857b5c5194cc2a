package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var nonZeroDef = &op.Def{
	Name: "NonZero", Doc: "Lists the coordinates of the elements that are not zero, one column each.", Family: family,
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		rank := kernel.Fresh(c.Out(0), 0)
		if s := c.InShape(0); s != nil {
			rank = ir.Static(int64(len(s)))
		}
		c.Set(0, tensor.Int64, ir.Shape{rank, kernel.Fresh(c.Out(0), 1)})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		if !x.DType().IsReal() {
			return fmt.Errorf("is not defined for %v", x.DType())
		}
		var at []int
		for i, v := range x.Float64s() {
			if v != 0 {
				at = append(at, i)
			}
		}
		st := kernel.Strides(x.Shape())
		out := make([]int64, 0, len(st)*len(at))
		for a, d := range x.Shape() {
			for _, i := range at {
				out = append(out, int64(i/st[a]%d))
			}
		}
		c.Out[0] = tensor.Of(out, x.Rank(), len(at))
		return nil
	},
}
