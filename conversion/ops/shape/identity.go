package shape

import (
	"slipway/conversion/op"
)

var identityDef = &op.Def{
	Name: "Identity", Doc: "Passes its input on.", Family: family,
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, c.InType(0), c.InShape(0).Clone())
		keepContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) (err error) {
		c.Out[0], err = arg(c, 0)
		return err
	},
}
