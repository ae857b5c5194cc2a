package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var flattenDef = &op.Def{
	Name: "Flatten", Doc: "Flattens to two dimensions: those before the axis and those from it on.", Family: family,
	Attrs:  []op.Attr{integer("axis", 1)},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			setUnknown(c, c.InType(0), 2)
			return nil
		}
		a, err := flattenAxis(c.Node, len(s))
		if err != nil {
			return err
		}
		rows, _ := s[:a].NumElements()
		cols, _ := s[a:].NumElements()
		c.Set(0, c.InType(0), ir.Shape{rows, cols})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		a, err := flattenAxis(c.Node, x.Rank())
		if err != nil {
			return err
		}
		c.Out[0], err = x.Reshape(kernel.Product(x.Shape()[:a]), kernel.Product(x.Shape()[a:]))
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if x.Shape == nil {
			return nil, fmt.Errorf("Flatten of unknown rank: %w", op.ErrNoDecomposition)
		}
		a, err := flattenAxis(b.Node, len(x.Shape))
		if err != nil {
			return nil, err
		}
		rows, _ := x.Shape[:a].NumElements()
		cols, _ := x.Shape[a:].NumElements()
		r, static := rows.Int()
		k, staticCols := cols.Int()
		switch {
		case len(x.Shape) == 2 && a == 1:
			return one(b.Op("Identity", nil, x))
		case static && staticCols && r*k == 0: // -1 cannot be solved for
			return one(b.Op("Reshape", ir.Attrs{"allowzero": int64(1)}, x, b.Ints(r, k)))
		case static && r == 0, staticCols && k == 0: // a size beside it cannot be told
			break
		case a == 1 && !static && staticCols: // which holds without rows, too
			return one(b.Op("Reshape", nil, x, b.Ints(0, k)))
		case a == 1 && !static:
			return one(b.Op("Reshape", nil, x, b.Ints(0, -1)))
		case static:
			return one(b.Op("Reshape", nil, x, b.Ints(r, -1)))
		case staticCols:
			return one(b.Op("Reshape", nil, x, b.Ints(-1, k)))
		}
		return nil, fmt.Errorf("Flatten of %v at axis %d: %w", x.Shape, a, op.ErrNoDecomposition)
	},
}

// flattenAxis allows the rank itself, unlike other axes.
func flattenAxis(n *ir.Node, rank int) (int, error) {
	axis := n.Int("axis", 1)
	if axis == int64(rank) {
		return rank, nil
	}
	if rank == 0 && axis == -1 {
		return 0, nil
	}
	return kernel.Axis(axis, rank)
}
