package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var gatherNDDef = &op.Def{
	Name: "GatherND", Doc: "Takes slices by lists of indices into the leading dimensions.", Family: family,
	Attrs:  []op.Attr{integer("batch_dims", 0)},
	Inputs: op.In("data", "indices"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, idx, d := c.InShape(0), c.InShape(1), c.InType(0)
		if s == nil || len(idx) == 0 {
			c.Set(0, d, nil)
			return nil
		}
		k, ok := idx[len(idx)-1].Int()
		if !ok {
			c.Set(0, d, nil)
			return nil
		}
		b := c.Int("batch_dims", 0)
		if b < 0 || b >= int64(len(idx)) || k < 1 || b+k > int64(len(s)) {
			return fmt.Errorf("indices %v with batch_dims %d do not fit data %v", idx, b, s)
		}
		c.Set(0, d, append(ir.Shape{}, slices.Concat(idx[:len(idx)-1], s[b+k:])...))
		return nil
	},
	Eval: evalGatherND,
}

func evalGatherND(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	idx, err := c.Ints64(1)
	if err != nil {
		return err
	}
	s, is := x.Shape(), c.Arg(1).Shape()
	b := int(c.Int("batch_dims", 0))
	if len(is) == 0 || b < 0 || b >= len(is) || b > len(s) || !slices.Equal(is[:b], s[:b]) {
		return fmt.Errorf("indices %v with batch_dims %d do not fit data %v", is, b, s)
	}
	k := is[len(is)-1]
	if k < 1 || b+k > len(s) {
		return fmt.Errorf("indices %v with batch_dims %d do not fit data %v", is, b, s)
	}
	st := kernel.Strides(s)
	batches := kernel.Product(s[:b])
	n := kernel.Product(is[:len(is)-1])
	at := make([]int, n)
	for i := range at {
		if b > 0 {
			at[i] = i / (n / batches) * st[b-1]
		}
		for j := range k {
			p, err := kernel.Axis(idx[i*k+j], s[b+j])
			if err != nil {
				return fmt.Errorf("index %d is outside dimension %d of %v", idx[i*k+j], b+j, s)
			}
			at[i] += p * st[b+j]
		}
	}
	shape := slices.Concat(is[:len(is)-1], s[b+k:])
	c.Out[0], err = kernel.Take(x, shape, kernel.Product(s[b+k:]), func(i int) int { return at[i] })
	return err
}
