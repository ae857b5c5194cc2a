package shape

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var gatherElementsDef = &op.Def{
	Name: "GatherElements", Doc: "Takes single elements by their index along one axis.", Family: family,
	Attrs:  []op.Attr{integer("axis", 0)},
	Inputs: op.In("data", "indices"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil {
			if _, err := kernel.Axis(c.Int("axis", 0), len(s)); err != nil {
				return err
			}
			if idx := c.InShape(1); idx != nil && len(idx) != len(s) {
				return fmt.Errorf("indices %v and data %v differ in rank", idx, s)
			}
		}
		c.Set(0, c.InType(0), c.InShape(1).Clone())
		return nil
	},
	Decompose: flatGather,
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		idx, err := c.Ints64(1)
		if err != nil {
			return err
		}
		shape := c.Arg(1).Shape()
		axis, err := kernel.Axis(c.Int("axis", 0), x.Rank())
		if err != nil {
			return err
		}
		if len(shape) != x.Rank() {
			return fmt.Errorf("indices %v and data %v differ in rank", shape, x.Shape())
		}
		for i, d := range shape {
			if i != axis && d > x.Shape()[i] {
				return fmt.Errorf("indices %v do not fit data %v", shape, x.Shape())
			}
		}
		at, err := resolve(idx, x.Shape()[axis])
		if err != nil {
			return err
		}
		st := kernel.Strides(x.Shape())
		c.Out[0], err = kernel.Take(x, shape, 1, func(i int) int {
			off, r := 0, i
			for k := len(shape) - 1; k >= 0; k-- {
				if k == axis {
					off += at[i] * st[k]
				} else {
					off += r % shape[k] * st[k]
				}
				r /= shape[k]
			}
			return off
		})
		return err
	},
}
