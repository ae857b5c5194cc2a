package shape

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var cumSumDef = &op.Def{
	Name: "CumSum", Doc: "Adds up elements along an axis, each with all before it.", Family: family,
	Attrs:  []op.Attr{integer("exclusive", 0), integer("reverse", 0)},
	Inputs: op.In("x", "axis"), Outputs: op.In("y"),
	Infer: inferSame,
	Eval: func(c *op.EvalCtx) error {
		x, err := arg(c, 0)
		if err != nil {
			return err
		}
		a, err := oneInt(c, 1)
		if err != nil {
			return err
		}
		axis, err := kernel.Axis(a, x.Rank())
		if err != nil {
			return err
		}
		switch d := x.DType(); {
		case d.IsFloat():
			c.Out[0], err = tensor.FromFloat64s(d, cumulate(c, x.Float64s(), x.Shape(), axis), x.Shape()...)
		case d.IsInt():
			v, err := x.Int64s()
			if err != nil {
				return err
			}
			c.Out[0], err = tensor.Of(cumulate(c, v, x.Shape(), axis), x.Shape()...).Cast(d)
			return err
		default:
			return fmt.Errorf("is not defined for %v", d)
		}
		return err
	},
	Tol: op.Accumulating,
}

func cumulate[T float64 | int64](c *op.EvalCtx, v []T, shape []int, axis int) []T {
	exclusive, reverse := c.Int("exclusive", 0) != 0, c.Int("reverse", 0) != 0
	out := make([]T, len(v))
	n, inner := shape[axis], kernel.Product(shape[axis+1:])
	for o := range kernel.Product(shape[:axis]) {
		for in := range inner {
			var sum T
			for k := range n {
				if reverse {
					k = n - 1 - k
				}
				i := (o*n+k)*inner + in
				if exclusive {
					out[i] = sum
				}
				sum += v[i]
				if !exclusive {
					out[i] = sum
				}
			}
		}
	}
	return out
}
