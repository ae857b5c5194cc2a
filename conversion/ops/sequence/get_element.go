package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var getElementDef = &op.Def{
	Name: "OptionalGetElement", Doc: "Takes the value out of an optional one; passes on what is not optional.", Family: family, Containers: true,
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		t := c.InTyp(0)
		if t.DType != tensor.Optional {
			c.SetType(0, t)
			return nil
		}
		if t.Elem == nil {
			t.Elem = &ir.Type{}
		}
		c.SetType(0, *t.Elem)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x.DType() != tensor.Optional {
			c.Out[0] = x
			return nil
		}
		if len(x.Items()) == 0 {
			return fmt.Errorf("the optional value is empty")
		}
		c.Out[0] = x.Items()[0]
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		v, ok := inside(b.In(0))
		if !ok {
			return nil, fmt.Errorf("what is in %q is not known: %w", b.In(0).Name, op.ErrNoDecomposition)
		}
		return []*ir.Value{v}, nil
	},
}

// inside is what an optional value holds, where it is made in the graph; a value
// that is not optional holds itself.
func inside(v *ir.Value) (*ir.Value, bool) {
	for v.DType == tensor.Optional {
		n := v.Node()
		if n == nil || n.Op != "Optional" && n.Op != "Identity" || n.In(0) == nil {
			return nil, false
		}
		v = n.In(0)
	}
	return v, v.DType != tensor.Invalid
}
