package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var expandDef = &op.Def{
	Name: "Expand", Doc: "Broadcasts a tensor against a shape.", Family: family,
	Inputs: op.In("input", "shape"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, d := c.InShape(0), c.InType(0)
		to, ok := c.Content(1)
		if !ok || s == nil {
			rank := -1
			if n, known := listLength(c, 1); known && s != nil {
				rank = max(n, len(s))
			}
			setUnknown(c, d, rank)
			if out := c.Out(0); rank >= 0 && out != nil {
				for i, from := range s { // no other size than 1 changes
					if n, ok := from.Int(); ok && n != 1 {
						out.Shape[rank-len(s)+i] = from
					}
				}
			}
			return nil
		}
		for _, t := range to {
			if n, ok := t.Int(); ok && n < 0 {
				return fmt.Errorf("shape %v has a negative dimension", ir.Shape(to))
			}
		}
		out, err := kernel.BroadcastDims(s, append(ir.Shape{}, to...))
		if err != nil {
			return err
		}
		c.Set(0, d, out)
		v, ok := c.Content(0)
		if !ok || len(out) != 1 || !d.IsInt() {
			return nil
		}
		n, static := out[0].Int()
		if !static || n > 64 || len(v) != 1 && int64(len(v)) != n {
			return nil
		}
		content := make([]ir.Dim, n)
		for i := range content {
			content[i] = v[min(i, len(v)-1)]
		}
		c.SetContent(0, content)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		to, err := c.Ints64(1)
		if err != nil {
			return err
		}
		shape, err := kernel.BroadcastShape(x.Shape(), kernel.ToInts(to))
		if err == nil {
			err = kernel.CheckSize(x.DType(), shape)
		}
		if err != nil {
			return err
		}
		st := kernel.Strides(x.Shape())
		strides := make([]int, len(shape))
		off := len(shape) - x.Rank()
		for i, d := range x.Shape() {
			if d != 1 {
				strides[off+i] = st[i]
			}
		}
		c.Out[0], err = kernel.Strided(x, 0, shape, strides)
		return err
	},
}
