package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var castLikeDef = &op.Def{
	Name: "CastLike", Doc: "Converts elements to the type of the second input.", Family: family,
	Attrs:  []op.Attr{integer("saturate", 1), roundMode},
	Inputs: op.In("input", "target_type"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		if _, err := rounding(c.Node); err != nil {
			return err
		}
		c.Set(0, c.InType(1), c.InShape(0).Clone())
		castContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		like, err := c.Need(1)
		if err != nil {
			return err
		}
		c.Out[0], err = convert(x, like.DType(), c.Node)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		d := b.In(1).DType
		if d == tensor.Invalid {
			return nil, fmt.Errorf("CastLike to an unknown type: %w", op.ErrNoDecomposition)
		}
		attrs := b.Attrs.Clone()
		attrs["to"] = op.ONNXType(d)
		return one(b.Op("Cast", attrs, b.In(0)))
	},
}
