package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var atDef = &op.Def{
	Name: "SequenceAt", Doc: "Takes one tensor out of a sequence.", Family: family, Containers: true,
	Inputs: op.In("input_sequence", "position"), Outputs: op.In("tensor"),
	Infer: func(c *op.InferCtx) error {
		t, err := elem(c, 0)
		if err != nil {
			return err
		}
		t = t.One(fresh(c.Out(0)))
		if items, ok := Items(c.In(0)); ok {
			if at, ok := constPlace(c.In(1), len(items), len(items)-1, -1); ok {
				t = items[at].Type()
			}
		}
		c.SetType(0, t)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		s, err := sequence(c, 0)
		if err != nil {
			return err
		}
		at, err := position(c.Arg(1), len(s), len(s)-1)
		if err != nil {
			return err
		}
		c.Out[0] = s[at]
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		items, ok := Items(b.In(0))
		if !ok {
			return nil, unknown(b.In(0))
		}
		at, ok := constPlace(b.In(1), len(items), len(items)-1, -1)
		if !ok {
			return nil, fmt.Errorf("the position is not a known one: %w", op.ErrNoDecomposition)
		}
		return []*ir.Value{items[at]}, nil
	},
}
