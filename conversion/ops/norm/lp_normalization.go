package norm

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var lpNormDef = &op.Def{
	Name:    "LpNormalization",
	Family:  "norm",
	Doc:     "x divided by its L1 or L2 norm along an axis; a line of zeros stays zero.",
	Inputs:  op.In("input"),
	Outputs: op.In("output"),
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Default: int64(-1)},
		{Name: "p", Kind: op.Int, Default: int64(2)},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if p := c.Int("p", 2); p != 1 && p != 2 {
			return fmt.Errorf("p %d is neither 1 nor 2", p)
		}
		if s := c.InShape(0); s != nil {
			if _, err := from(c.Node, len(s)); err != nil {
				return err
			}
		}
		return sameShape(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if err := floats(x); err != nil {
			return err
		}
		axis, err := from(c.Node, x.Rank())
		if err != nil {
			return err
		}
		reduced := make([]bool, x.Rank())
		reduced[axis] = true
		p, y := c.Int("p", 2), clone(x)
		cells(x.Shape(), reduced, func(at []int) {
			norm := 0.0
			for _, i := range at {
				if p == 1 {
					norm += math.Abs(y[i])
				} else {
					norm += y[i] * y[i]
				}
			}
			if p == 2 {
				norm = math.Sqrt(norm)
			}
			for _, i := range at {
				if norm != 0 {
					y[i] /= norm
				}
			}
		})
		c.Out[0], err = tensor.FromFloat64s(x.DType(), y, x.Shape()...)
		return err
	},
	// The smallest normal number keeps a line of zeros from dividing by zero.
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if x.DType != tensor.Float32 && x.DType != tensor.Float64 {
			return nil, fmt.Errorf("%v: %w", x.DType, op.ErrNoDecomposition)
		}
		reduce := "ReduceL2"
		if b.Int("p", 2) == 1 {
			reduce = "ReduceL1"
		}
		norm := b.Op(reduce, ir.Attrs{"keepdims": int64(1)}, x, b.Ints(b.Int("axis", -1)))
		return []*ir.Value{b.Op("Div", nil, x, b.Op("Max", nil, norm, b.Scalar(x.DType, 0x1p-126)))}, nil
	},
}
