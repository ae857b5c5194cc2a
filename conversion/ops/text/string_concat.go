package text

import (
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var stringConcatDef = &op.Def{
	Name: "StringConcat", Doc: "Joins the strings of two inputs elementwise.", Family: family,
	Inputs: op.In("X", "Y"), Outputs: op.In("Z"),
	Infer: func(c *op.InferCtx) error {
		for i := range 2 {
			if err := wantWords(c, i); err != nil {
				return err
			}
		}
		s, err := kernel.BroadcastDims(c.InShape(0), c.InShape(1))
		if err != nil {
			return err
		}
		c.Set(0, tensor.String, s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		a, err := words(c, 0)
		if err != nil {
			return err
		}
		b, err := words(c, 1)
		if err != nil {
			return err
		}
		shape, err := kernel.BroadcastShape(a.Shape(), b.Shape())
		if err == nil {
			err = kernel.CheckSize(tensor.String, shape)
		}
		if err != nil {
			return err
		}
		out := make([]string, kernel.Product(shape))
		kernel.Zip(shape, out, a.Strings(), a.Shape(), b.Strings(), b.Shape(), kernel.RowOf(func(x, y string) string { return x + y }))
		c.Out[0], err = tensor.FromStrings(shape, out)
		return err
	},
}
