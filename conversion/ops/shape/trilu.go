package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var triluDef = &op.Def{
	Name: "Trilu", Doc: "Keeps the upper or the lower triangle of each matrix and zeroes the rest.", Family: family,
	Attrs:  []op.Attr{integer("upper", 1)},
	Inputs: op.Opt(op.In("input"), "k"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil && len(s) < 2 {
			return fmt.Errorf("needs 2 dimensions, has %v", s)
		}
		return inferSame(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		if x.Rank() < 2 {
			return fmt.Errorf("needs 2 dimensions, has %v", x.Shape())
		}
		k := int64(0)
		if c.Arg(1) != nil {
			if k, err = oneInt(c, 1); err != nil {
				return err
			}
		}
		rows, cols := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
		keep := triangle(rows, cols, k, c.Int("upper", 1) != 0)
		c.Out[0], err = kernel.Select(x.Shape(), tensor.Of(keep, rows, cols), x, tensor.New(x.DType()))
		return err
	},
	// Where over a constant mask, for matrices of known size.
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		s, k := b.In(0).Shape, int64(0)
		if len(s) < 2 {
			return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
		}
		rows, fixed := s[len(s)-2].Int()
		cols, ok := s[len(s)-1].Int()
		if v := b.In(1); v != nil {
			at, isConst := v.ConstInts()
			if !isConst || len(at) != 1 {
				return nil, fmt.Errorf("a diagonal that is not constant: %w", op.ErrNoDecomposition)
			}
			k = at[0]
		}
		if !fixed || !ok {
			return nil, fmt.Errorf("matrices of unknown size: %w", op.ErrNoDecomposition)
		}
		mask := b.Const(tensor.Of(triangle(int(rows), int(cols), k, b.Int("upper", 1) != 0), int(rows), int(cols)))
		return []*ir.Value{b.Op("Where", nil, mask, b.In(0), b.Const(tensor.New(b.In(0).DType)))}, nil
	},
}

// triangle tells which elements of a matrix are on the kept side of diagonal k.
func triangle(rows, cols int, k int64, upper bool) []bool {
	keep := make([]bool, rows*cols)
	for i := range keep {
		d := int64(i%cols) - int64(i/cols)
		keep[i] = d >= k == upper || d == k
	}
	return keep
}
