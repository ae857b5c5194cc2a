package sequence

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var lengthDef = &op.Def{
	Name: "SequenceLength", Doc: "Counts the tensors in a sequence.", Family: family, Containers: true,
	Inputs: op.In("input_sequence"), Outputs: op.In("length"),
	Infer: func(c *op.InferCtx) error {
		if _, err := elem(c, 0); err != nil {
			return err
		}
		c.Set(0, tensor.Int64, ir.Shape{})
		if n, known := length(c, 0); known {
			c.SetContent(0, []ir.Dim{n})
		}
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		s, err := sequence(c, 0)
		if err != nil {
			return err
		}
		c.Out[0] = tensor.Scalar(int64(len(s)))
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		if s := b.In(0).Shape; len(s) == 1 {
			if n, ok := s[0].Int(); ok {
				return []*ir.Value{b.Const(tensor.Scalar(n))}, nil
			}
		}
		return nil, unknown(b.In(0))
	},
}
