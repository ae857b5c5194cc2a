package shape

import (
	"slipway/conversion/op"
)

var identityDef = &op.Def{
	Name: "Identity", Doc: "Passes its input on.", Family: family,
	Inputs: op.In("input"), Outputs: op.In("output"), Containers: true,
	Infer: func(c *op.InferCtx) error {
		c.SetType(0, c.InTyp(0))
		keepContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) (err error) {
		c.Out[0], err = c.Need(0)
		return err
	},
}
