package sequence

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var emptyDef = &op.Def{
	Name: "SequenceEmpty", Doc: "Makes an empty sequence of tensors of a given type.", Family: family,
	Inputs: []op.Param{}, Outputs: op.In("output"),
	Attrs: []op.Attr{{Name: "dtype", Kind: op.Int, Default: int64(1)}},
	Infer: func(c *op.InferCtx) error {
		d, err := op.FromONNXType(c.Int("dtype", 1))
		if err != nil {
			return err
		}
		c.SetType(0, of(ir.Type{DType: d}, ir.Dims(0)))
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		c.Out[0] = tensor.NewSequence()
		return nil
	},
}
