package index

import (
	"fmt"
	"slices"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var scatterNDDef = &op.Def{
	Name: "ScatterND", Doc: "Writes slices at lists of indices into the leading dimensions of a copy of data.", Family: family,
	Attrs:  []op.Attr{reductionAttr},
	Inputs: op.In("data", "indices", "updates"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		if err := checkReduction(c.Node); err != nil {
			return err
		}
		s, idx := c.InShape(0), c.InShape(1)
		if s != nil && len(idx) > 0 {
			if k, ok := idx[len(idx)-1].Int(); ok && (k < 1 || k > int64(len(s))) {
				return fmt.Errorf("indices %v do not fit data %v", idx, s)
			}
		}
		return inferSame(c)
	},
	Eval: evalScatterND,
	Tol:  op.Elementwise,

	Decompose: blocksByPlace,
}

func evalScatterND(c *op.EvalCtx) error {
	data, err := arg(c, 0)
	if err != nil {
		return err
	}
	idx, err := intArg(c, 1)
	if err != nil {
		return err
	}
	updates, err := arg(c, 2)
	if err != nil {
		return err
	}
	s, is := data.Shape(), c.Arg(1).Shape()
	if len(is) == 0 {
		return fmt.Errorf("indices are a scalar")
	}
	k := is[len(is)-1]
	if k < 1 || k > len(s) {
		return fmt.Errorf("indices %v do not fit data %v", is, s)
	}
	if want := slices.Concat(is[:len(is)-1], s[k:]); !slices.Equal(updates.Shape(), want) {
		return fmt.Errorf("updates have shape %v, not %v", updates.Shape(), want)
	}
	st := kernel.Strides(s)
	at := make([]int, kernel.Product(is[:len(is)-1]))
	for i := range at {
		for j := range k {
			p, err := position(idx[i*k+j], s[j])
			if err != nil {
				return err
			}
			at[i] += p * st[j]
		}
	}
	c.Out[0], err = scatter(c.Node, data, updates, at, kernel.Product(s[k:]))
	return err
}
