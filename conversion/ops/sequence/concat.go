package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var concatDef = &op.Def{
	Name: "ConcatFromSequence", Doc: "Joins the tensors of a sequence along an axis, or along a new one.", Family: family, Containers: true,
	Inputs: op.In("input_sequence"), Outputs: op.In("concat_result"),
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Required: true},
		{Name: "new_axis", Kind: op.Int, Default: int64(0)},
	},
	Infer: func(c *op.InferCtx) error {
		t, err := elem(c, 0)
		if err != nil {
			return err
		}
		t = t.One(fresh(c.Out(0)))
		if t.Shape == nil {
			c.Set(0, t.DType, nil)
			return nil
		}
		out := t.Shape.Clone()
		n, known := length(c, 0)
		if c.Int("new_axis", 0) != 0 {
			axis, err := kernel.Axis(c.Int("axis", 0), len(out)+1)
			if err != nil {
				return err
			}
			if !known {
				n = kernel.Fresh(c.Out(0), axis)
			}
			out = append(append(out[:axis:axis], n), out[axis:]...)
		} else {
			axis, err := kernel.Axis(c.Int("axis", 0), len(out))
			if err != nil {
				return err
			}
			out[axis] = kernel.Fresh(c.Out(0), axis)
			if d := t.Shape[axis]; known && d.IsStatic() {
				out[axis] = d.Mul(n)
			}
		}
		c.Set(0, t.DType, out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		s, err := sequence(c, 0)
		if err != nil {
			return err
		}
		if len(s) == 0 {
			return fmt.Errorf("an empty sequence cannot be joined")
		}
		axis := c.Int("axis", 0)
		if c.Int("new_axis", 0) != 0 {
			at := tensor.Of([]int64{axis}, 1)
			for i, x := range s {
				out, err := c.Registry.EvalNodeIn(c.Env, &ir.Node{Name: c.Name, Op: "Unsqueeze", Outputs: make([]*ir.Value, 1)}, []*tensor.Tensor{x, at})
				if err != nil {
					return err
				}
				if i == 0 {
					s = append([]*tensor.Tensor{}, s...)
				}
				s[i] = out[0]
			}
		}
		out, err := c.Registry.EvalNodeIn(c.Env, &ir.Node{Name: c.Name, Op: "Concat", Attrs: ir.Attrs{"axis": axis}, Outputs: make([]*ir.Value, 1)}, s)
		if err != nil {
			return err
		}
		c.Out[0] = out[0]
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		items, ok := Items(b.In(0))
		if !ok || len(items) == 0 {
			return nil, unknown(b.In(0))
		}
		axis := b.Int("axis", 0)
		if b.Int("new_axis", 0) != 0 {
			at := b.Ints(axis)
			items = append([]*ir.Value{}, items...)
			for i, v := range items {
				items[i] = b.Op("Unsqueeze", nil, v, at)
			}
		}
		return []*ir.Value{b.Op("Concat", ir.Attrs{"axis": axis}, items...)}, nil
	},
}
