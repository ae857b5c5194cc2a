package shape

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var unsqueezeDef = &op.Def{
	Name: "Unsqueeze", Doc: "Inserts dimensions of size 1 at the given axes of the result.", Family: family,
	Inputs: op.In("data", "axes"), Outputs: op.In("expanded"),
	Infer: func(c *op.InferCtx) error {
		s, d := c.InShape(0), c.InType(0)
		axes, known := c.Ints(1)
		if s == nil || !known {
			rank := -1
			if n, ok := listLength(c, 1); ok && s != nil {
				rank = len(s) + n
			}
			setUnknown(c, d, rank)
			return nil
		}
		set, err := kernel.AxisSet(axes, len(s)+len(axes))
		if err != nil {
			return err
		}
		c.Set(0, d, unsqueezed(s, set, ir.Static(1)))
		keepContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		axes, err := c.Ints64(1)
		if err != nil {
			return err
		}
		set, err := kernel.AxisSet(axes, x.Rank()+len(axes))
		if err != nil {
			return err
		}
		c.Out[0], err = x.Reshape(unsqueezed(x.Shape(), set, 1)...)
		return err
	},
	Decompose: reshapeToOutput,
	FromONNX:  axesToInput("Unsqueeze", 13),
}

func unsqueezed[S ~[]D, D any](s S, set []bool, unit D) S {
	out := make(S, 0, len(set))
	for _, add := range set {
		if add {
			out = append(out, unit)
			continue
		}
		out = append(out, s[0])
		s = s[1:]
	}
	return out
}
