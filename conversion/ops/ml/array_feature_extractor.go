package ml

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var arrayFeatureExtractorDef = &op.Def{
	Name: domain + "ArrayFeatureExtractor", Doc: "Picks columns, elements of the last dimension.", Family: family,
	Inputs: op.In("X", "Y"), Outputs: op.In("Z"),
	Infer: func(c *op.InferCtx) error {
		s, i := c.InShape(0), c.InShape(1)
		if s == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		if len(s) == 0 {
			return fmt.Errorf("a scalar has no columns")
		}
		count, ok := i.NumElements()
		if !ok {
			count = kernel.Fresh(c.Out(0), len(s))
		}
		if len(s) == 1 {
			c.Set(0, c.InType(0), ir.Shape{ir.Static(1), count})
			return nil
		}
		out := s.Clone()
		out[len(out)-1] = count
		c.Set(0, c.InType(0), out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, y := c.Arg(0), c.Arg(1)
		if x == nil || y == nil || x.Rank() == 0 {
			return fmt.Errorf("wants data with columns and their numbers")
		}
		index, err := y.Int64s()
		if err != nil {
			return err
		}
		s := x.Shape()
		n := s[len(s)-1]
		for _, i := range index {
			if i < 0 || i >= int64(n) {
				return fmt.Errorf("column %d of %d", i, n)
			}
		}
		shape := append([]int{}, s...)
		shape[len(shape)-1] = len(index)
		if err := kernel.CheckSize(x.DType(), shape); err != nil {
			return err
		}
		count := max(len(index), 1)
		z, err := kernel.Take(x, shape, 1, func(i int) int { return i/count*n + int(index[i%count]) })
		if err == nil && len(s) == 1 {
			z, err = z.Reshape(1, len(index))
		}
		c.Out[0] = z
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if len(x.Shape) == 0 {
			return nil, fmt.Errorf("ArrayFeatureExtractor of unknown rank: %w", op.ErrNoDecomposition)
		}
		flat := b.Op("Reshape", nil, b.In(1), b.Ints(-1))
		z := b.Op("Gather", ir.Attrs{"axis": int64(len(x.Shape) - 1)}, x, flat)
		if len(x.Shape) == 1 {
			z = b.Op("Unsqueeze", nil, z, b.Ints(0))
		}
		return []*ir.Value{z}, nil
	},
}
