package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var constructDef = &op.Def{
	Name: "SequenceConstruct", Doc: "Makes a sequence of its inputs.", Family: family,
	Inputs: op.Variadic("inputs"), Outputs: op.In("output_sequence"),
	Infer: func(c *op.InferCtx) error {
		t := c.InTyp(0)
		for i := range c.Inputs {
			u := c.InTyp(i)
			if u.DType.IsContainer() || c.In(i) == nil {
				return fmt.Errorf("input %d is no tensor", i)
			}
			var err error
			if t, err = t.Join(u, differing(c.Out(0))); err != nil {
				return fmt.Errorf("input %d: %w", i, err)
			}
		}
		c.SetType(0, of(t, ir.Dims(len(c.Inputs))))
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		for i, t := range c.In {
			if t == nil || t.DType() != c.In[0].DType() {
				return fmt.Errorf("input %d is not of the type of the first", i)
			}
		}
		c.Out[0] = tensor.NewSequence(c.In...)
		return nil
	},
}
