package sequence

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var insertDef = &op.Def{
	Name: "SequenceInsert", Doc: "Puts a tensor into a sequence, at a position or at its end.", Family: family, Containers: true,
	Inputs: op.Opt(op.In("input_sequence", "tensor"), "position"), Outputs: op.In("output_sequence"),
	Infer: func(c *op.InferCtx) error {
		t, err := elem(c, 0)
		if err != nil {
			return err
		}
		n, known := length(c, 0)
		switch u := c.InTyp(1); {
		case u.DType.IsContainer():
			return fmt.Errorf("input 1 is of type %v, not a tensor", u)
		case t.DType == tensor.Invalid || known && n.Is(0) && t.DType == u.DType:
			t = u
		default:
			if t, err = t.Join(u, differing(c.Out(0))); err != nil {
				return err
			}
		}
		c.SetType(0, of(t, list(n.AddInt(1), known)))
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		s, err := sequence(c, 0)
		if err != nil {
			return err
		}
		x := c.Arg(1)
		if x.DType().IsContainer() || len(s) > 0 && s[0].DType() != x.DType() {
			return fmt.Errorf("a tensor of type %v does not belong into the sequence", x.DType())
		}
		at := len(s)
		if p := c.Arg(2); p != nil {
			if at, err = position(p, len(s), len(s)); err != nil {
				return err
			}
		}
		c.Out[0] = tensor.NewSequence(slices.Insert(slices.Clone(s), at, x)...)
		return nil
	},
	Decompose: rebuild,
}

// rebuild makes the sequence anew of the values that it is known to hold.
func rebuild(b *op.Builder) ([]*ir.Value, error) {
	items, ok := Items(b.Out(0))
	if !ok {
		return nil, unknown(b.In(0))
	}
	v, err := construct(b, items, b.Out(0))
	return []*ir.Value{v}, err
}
