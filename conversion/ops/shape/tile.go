package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var tileDef = &op.Def{
	Name: "Tile", Doc: "Repeats a tensor along each axis.", Family: family,
	Inputs: op.In("input", "repeats"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, d := c.InShape(0), c.InType(0)
		rep, ok := c.Content(1)
		if s == nil || !ok {
			rank := -1
			if s != nil {
				rank = len(s)
			}
			setUnknown(c, d, rank)
			return nil
		}
		if len(rep) != len(s) {
			return fmt.Errorf("%d repeats for shape %v", len(rep), s)
		}
		out := make(ir.Shape, len(s))
		for i := range s {
			out[i] = s[i].Mul(rep[i])
		}
		c.Set(0, d, out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		rep, err := c.Ints64(1)
		if err != nil {
			return err
		}
		if len(rep) != x.Rank() {
			return fmt.Errorf("%d repeats for shape %v", len(rep), x.Shape())
		}
		// Each axis becomes two, the outer of stride 0.
		st := kernel.Strides(x.Shape())
		var shape, strides []int
		out := make([]int, len(rep))
		for i, d := range x.Shape() {
			if rep[i] < 0 || rep[i] > tensor.MaxElements {
				return fmt.Errorf("repeats %v are out of range", rep)
			}
			shape = append(shape, int(rep[i]), d)
			strides = append(strides, 0, st[i])
			out[i] = int(rep[i]) * d
		}
		if err := kernel.CheckSize(x.DType(), out); err != nil {
			return err
		}
		y, err := kernel.Strided(x, 0, shape, strides)
		if err != nil {
			return err
		}
		c.Out[0], err = y.Reshape(out...)
		return err
	},
	FromONNX: func(s *op.Src) error {
		if s.Version < 6 {
			return fmt.Errorf("Tile of opset %d is not supported: convert the model to opset 7 or later", s.Version)
		}
		return s.Lower("Tile", nil, s.Inputs...)
	},
}
