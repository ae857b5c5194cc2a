package sequence

import (
	"slices"

	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var eraseDef = &op.Def{
	Name: "SequenceErase", Doc: "Leaves a tensor out of a sequence: that at a position, or the last.", Family: family, Containers: true,
	Inputs: op.Opt(op.In("input_sequence"), "position"), Outputs: op.In("output_sequence"),
	Infer: func(c *op.InferCtx) error {
		t, err := elem(c, 0)
		if err != nil {
			return err
		}
		n, known := length(c, 0)
		c.SetType(0, of(t, list(n.AddInt(-1), known && !n.Is(0))))
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		s, err := sequence(c, 0)
		if err != nil {
			return err
		}
		p := c.Arg(1)
		if p == nil {
			p = tensor.Scalar(int64(-1))
		}
		at, err := position(p, len(s), len(s)-1)
		if err != nil {
			return err
		}
		c.Out[0] = tensor.NewSequence(slices.Delete(slices.Clone(s), at, at+1)...)
		return nil
	},
	Decompose: rebuild,
}
