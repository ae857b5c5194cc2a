package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var hasElementDef = &op.Def{
	Name: "OptionalHasElement", Doc: "Tells whether an optional value is there.", Family: family, Containers: true,
	Inputs: op.Opt([]op.Param{}, "input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, tensor.Bool, ir.Shape{})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		c.Out[0] = tensor.Scalar(x != nil && (x.DType() != tensor.Optional || len(x.Items()) > 0))
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		has, known := holds(b.In(0))
		if !known {
			return nil, fmt.Errorf("whether %q is empty is not known: %w", b.In(0).Name, op.ErrNoDecomposition)
		}
		return []*ir.Value{b.Const(tensor.Scalar(has))}, nil
	},
}

// holds tells whether an optional value is there, as far as that is known.
func holds(v *ir.Value) (has, known bool) {
	switch {
	case v == nil:
		return false, true
	case v.DType == tensor.Invalid:
		return false, false
	case v.DType != tensor.Optional:
		return true, true
	case len(v.Shape) == 1:
		n, ok := v.Shape[0].Int()
		return n == 1, ok
	}
	return false, false
}
