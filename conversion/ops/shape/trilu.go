package shape

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var triluDef = &op.Def{
	Name: "Trilu", Doc: "Keeps the upper or the lower triangle of each matrix and zeroes the rest.", Family: family,
	Attrs:  []op.Attr{integer("upper", 1)},
	Inputs: op.Opt(op.In("input"), "k"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil && len(s) < 2 {
			return fmt.Errorf("needs 2 dimensions, has %v", s)
		}
		return inferSame(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := arg(c, 0)
		if err != nil {
			return err
		}
		if x.Rank() < 2 {
			return fmt.Errorf("needs 2 dimensions, has %v", x.Shape())
		}
		k := int64(0)
		if c.Arg(1) != nil {
			if k, err = oneInt(c, 1); err != nil {
				return err
			}
		}
		rows, cols := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
		upper := c.Int("upper", 1) != 0
		keep := make([]bool, rows*cols)
		for i := range keep {
			above := int64(i%cols)-int64(i/cols) >= k
			keep[i] = above == upper || int64(i%cols)-int64(i/cols) == k
		}
		c.Out[0], err = kernel.Select(x.Shape(), tensor.Of(keep, rows, cols), x, tensor.New(x.DType()))
		return err
	},
}
