package shape

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var sizeDef = &op.Def{
	Name: "Size", Doc: "Gives the number of elements of its input.", Family: family,
	Inputs: op.In("data"), Outputs: op.In("size"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, tensor.Int64, ir.Shape{})
		if n, ok := c.InShape(0).NumElements(); ok {
			c.SetContent(0, []ir.Dim{n})
		}
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err == nil {
			c.Out[0] = tensor.Scalar(int64(x.Len()))
		}
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		shape := b.Op("Shape", nil, b.In(0))
		return one(b.Op("ReduceProd", ir.Attrs{"keepdims": int64(0)}, shape, b.Ints(0)))
	},
}
