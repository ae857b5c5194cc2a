package shape

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var shapeDef = &op.Def{
	Name: "Shape", Doc: "Gives the sizes of its input's dimensions, or of a range of them.", Family: family,
	Attrs:  []op.Attr{integer("start", 0), {Name: "end", Kind: op.Int}},
	Inputs: op.In("data"), Outputs: op.In("shape"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			c.Set(0, tensor.Int64, kernel.FreshShape(c.Out(0), 1))
			return nil
		}
		lo, hi := shapeRange(c.Node, len(s))
		c.Set(0, tensor.Int64, ir.Dims(hi-lo))
		c.SetContent(0, s[lo:hi:hi])
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		lo, hi := shapeRange(c.Node, x.Rank())
		out := []int64{}
		for _, d := range x.Shape()[lo:hi] {
			out = append(out, int64(d))
		}
		c.Out[0] = tensor.Of(out, len(out))
		return nil
	},
}

// shapeRange clamps the attributes start and end to the rank.
func shapeRange(n *ir.Node, rank int) (lo, hi int) {
	clamp := func(v int64) int {
		if v < 0 {
			v += int64(rank)
		}
		return int(min(max(v, 0), int64(rank)))
	}
	lo, hi = clamp(n.Int("start", 0)), clamp(n.Int("end", int64(rank)))
	return lo, max(lo, hi)
}
