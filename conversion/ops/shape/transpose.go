package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var transposeDef = &op.Def{
	Name: "Transpose", Doc: "Permutes the dimensions; without perm it reverses them.", Family: family,
	Attrs:  []op.Attr{{Name: "perm", Kind: op.Ints}},
	Inputs: op.In("data"), Outputs: op.In("transposed"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			rank := -1
			if p := c.Node.Ints("perm"); p != nil {
				rank = len(p)
			}
			setUnknown(c, c.InType(0), rank)
			return nil
		}
		perm, err := permutation(c.Node, len(s))
		if err != nil {
			return err
		}
		out := make(ir.Shape, len(s))
		for i, p := range perm {
			out[i] = s[p]
		}
		c.Set(0, c.InType(0), out)
		keepContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		perm, err := permutation(c.Node, x.Rank())
		if err != nil {
			return err
		}
		st := kernel.Strides(x.Shape())
		shape, strides := make([]int, len(perm)), make([]int, len(perm))
		for i, p := range perm {
			shape[i], strides[i] = x.Shape()[p], st[p]
		}
		c.Out[0], err = kernel.Strided(x, 0, shape, strides)
		return err
	},
}

func permutation(n *ir.Node, rank int) ([]int, error) {
	out := make([]int, rank)
	if !n.Has("perm") {
		for i := range out {
			out[i] = rank - 1 - i
		}
		return out, nil
	}
	perm := n.Ints("perm")
	if len(perm) != rank {
		return nil, fmt.Errorf("perm %v does not fit rank %d", perm, rank)
	}
	if _, err := kernel.AxisSet(perm, rank); err != nil {
		return nil, fmt.Errorf("perm %v: %w", perm, err)
	}
	for i, p := range perm {
		out[i], _ = kernel.Axis(p, rank)
	}
	return out, nil
}
