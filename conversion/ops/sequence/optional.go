package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var optionalDef = &op.Def{
	Name: "Optional", Doc: "Makes an optional value of its input, or an empty one of a given type.", Family: family, Containers: true,
	Inputs: op.Opt([]op.Param{}, "input"), Outputs: op.In("output"),
	Attrs: []op.Attr{{Name: "type", Kind: op.TypeOf}},
	Infer: func(c *op.InferCtx) error {
		out := ir.Type{DType: tensor.Optional}
		if v := c.In(0); v != nil {
			if v.DType == tensor.Optional {
				return fmt.Errorf("input 0 is optional itself")
			}
			t := v.Type()
			out.Elem, out.Shape = &t, ir.Dims(1)
		} else {
			t, ok := c.Attrs["type"].(*ir.Type)
			if !ok {
				return fmt.Errorf("has neither an input nor a type")
			}
			out.Elem, out.Shape = t, ir.Dims(0)
		}
		c.SetType(0, out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		c.Out[0] = tensor.NewOptional(c.Arg(0))
		return nil
	},
}
