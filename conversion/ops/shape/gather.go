package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var gatherDef = &op.Def{
	Name: "Gather", Doc: "Takes slices along an axis by index.", Family: family,
	Attrs:  []op.Attr{integer("axis", 0)},
	Inputs: op.In("data", "indices"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, idx, d := c.InShape(0), c.InShape(1), c.InType(0)
		if s == nil {
			c.Set(0, d, nil)
			return nil
		}
		axis, err := kernel.Axis(c.Int("axis", 0), len(s))
		if err != nil {
			return err
		}
		if idx == nil {
			c.Set(0, d, nil)
			return nil
		}
		c.Set(0, d, append(ir.Shape{}, slices.Concat(s[:axis], idx, s[axis+1:])...))
		v, ok := c.Content(0)
		at, ok2 := c.Ints(1)
		if !ok || !ok2 || len(s) != 1 || len(idx) > 1 || !d.IsInt() {
			return nil
		}
		out := []ir.Dim{}
		for _, i := range at {
			k, err := kernel.Axis(i, len(v))
			if err != nil {
				return fmt.Errorf("index %d is outside %d elements", i, len(v))
			}
			out = append(out, v[k])
		}
		c.SetContent(0, out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		idx, err := c.Ints64(1)
		if err != nil {
			return err
		}
		axis, err := kernel.Axis(c.Int("axis", 0), x.Rank())
		if err != nil {
			return err
		}
		size := x.Shape()[axis]
		at, err := resolve(idx, size)
		if err != nil {
			return err
		}
		block := kernel.Product(x.Shape()[axis+1:])
		shape := slices.Concat(x.Shape()[:axis], c.Arg(1).Shape(), x.Shape()[axis+1:])
		n := len(at)
		c.Out[0], err = kernel.Take(x, shape, block, func(i int) int {
			return (i/n*size + at[i%n]) * block
		})
		return err
	},
}

// resolve turns indices, negative ones from the end, into positions.
func resolve(idx []int64, size int) ([]int, error) {
	out := make([]int, len(idx))
	for i, v := range idx {
		k := v
		if k < 0 {
			k += int64(size)
		}
		if k < 0 || k >= int64(size) {
			return nil, fmt.Errorf("index %d is outside a dimension of size %d", v, size)
		}
		out[i] = int(k)
	}
	return out, nil
}
