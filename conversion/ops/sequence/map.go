package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var mapDef = &op.Def{
	Name: "SequenceMap", Doc: "Runs a graph on each tensor of a sequence.", Family: family, Containers: true,
	Inputs:  append(op.In("input_sequence"), op.Param{Name: "additional_inputs", Optional: true, Variadic: true}),
	Outputs: op.Variadic("out_sequence"),
	Attrs: []op.Attr{
		{Name: "body", Kind: op.Subgraph, Required: true},
		{Name: ir.CapturedAttr, Kind: op.Int, Default: int64(0)},
	},
	Infer:     inferMap,
	Eval:      evalMap,
	Decompose: decomposeMap,
}

func mapBody(n *ir.Node) (*ir.Graph, int, error) {
	g := n.Graph("body")
	switch {
	case g == nil:
		return nil, 0, fmt.Errorf("has no body")
	case len(g.Inputs) != len(n.Inputs):
		return nil, 0, fmt.Errorf("its body has %d inputs for %d", len(g.Inputs), len(n.Inputs))
	case len(g.Outputs) < len(n.Outputs):
		return nil, 0, fmt.Errorf("its body has %d outputs for %d", len(g.Outputs), len(n.Outputs))
	}
	return g, len(n.Inputs) - n.Captured(), nil
}

func inferMap(c *op.InferCtx) error {
	g, formal, err := mapBody(c.Node)
	if err != nil {
		return err
	}
	n, known := length(c, 0)
	args, contents := make([]ir.Type, len(c.Inputs)), make([][]ir.Dim, len(c.Inputs))
	for i, v := range c.Inputs {
		if v == nil {
			return fmt.Errorf("input %d is missing", i)
		}
		args[i] = v.Type()
		switch {
		case i < formal && v.DType == tensor.Sequence:
			if args[i], err = elem(c, i); err != nil {
				return err
			}
			args[i] = args[i].One(fresh(&ir.Value{Name: c.Name + "." + v.Name}))
		case i == 0 && v.DType != tensor.Invalid:
			return fmt.Errorf("input 0 is of type %v, not a sequence", v.Type())
		default:
			contents[i] = v.Content
		}
	}
	if err := c.InferBody(g, args, contents); err != nil {
		return err
	}
	for i := range c.Outputs {
		t := g.Outputs[i].Type()
		// What differs from item to item has no one name outside of the body.
		if !t.Shape.IsStatic() && t.Shape != nil {
			t.Shape = t.Shape.Clone()
			for a, d := range t.Shape {
				if !d.IsStatic() {
					t.Shape[a] = differing(c.Out(i))(a)
				}
			}
		}
		c.SetType(i, of(t, list(n, known)))
	}
	return nil
}

func evalMap(c *op.EvalCtx) error {
	g, formal, err := mapBody(c.Node)
	if err != nil {
		return err
	}
	first, err := sequence(c, 0)
	if err != nil {
		return err
	}
	out := make([][]*tensor.Tensor, len(c.Out))
	for k := range first {
		if err := c.Env.Err(); err != nil {
			return err
		}
		args := make([]*tensor.Tensor, len(c.In))
		for i, x := range c.In {
			if args[i] = x; i >= formal || x == nil || x.DType() != tensor.Sequence {
				continue
			}
			if len(x.Items()) != len(first) {
				return fmt.Errorf("input %d has %d tensors, input 0 %d", i, len(x.Items()), len(first))
			}
			args[i] = x.Items()[k]
		}
		made, err := c.RunBody(g, args)
		if err != nil {
			return err
		}
		for i := range out {
			out[i] = append(out[i], made[i])
		}
	}
	for i := range out {
		c.Out[i] = tensor.NewSequence(out[i]...)
	}
	return nil
}

func decomposeMap(b *op.Builder) ([]*ir.Value, error) {
	g, formal, err := mapBody(b.Node)
	if err != nil {
		return nil, err
	}
	first, ok := Items(b.In(0))
	if !ok || len(first)*max(len(g.Nodes), 1) > 1<<14 {
		return nil, unknown(b.In(0))
	}
	lists := make([][]*ir.Value, formal)
	for i := range formal {
		if b.In(i).DType != tensor.Sequence {
			continue
		}
		if lists[i], ok = Items(b.In(i)); !ok {
			return nil, unknown(b.In(i))
		}
		if len(lists[i]) != len(first) {
			return nil, fmt.Errorf("input %d has %d tensors, input 0 %d", i, len(lists[i]), len(first))
		}
	}
	made := make([][]*ir.Value, len(b.Outputs))
	consts := map[*ir.Value]*ir.Value{}
	for k := range first {
		args := append([]*ir.Value{}, b.Inputs...)
		for i, l := range lists {
			if l != nil {
				args[i] = l[k]
			}
		}
		for i, v := range b.Patch.Inline(g, args, b.Node, consts)[:len(made)] {
			made[i] = append(made[i], v)
		}
	}
	out := make([]*ir.Value, len(made))
	for i := range made {
		if b.Out(i) == nil {
			continue
		}
		if out[i], err = construct(b, made[i], b.Out(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}
