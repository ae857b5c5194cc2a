package shape

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var cumSumDef = cumulative("CumSum", "Adds up elements along an axis, each with all before it.", 0,
	func(a, b float64) float64 { return a + b }, func(a, b int64) int64 { return a + b })

// cumulative makes the Def of an operator that joins each element with all before
// it along an axis, beginning with start.
func cumulative(name, doc string, start int64, floats func(a, b float64) float64, ints func(a, b int64) int64) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: family,
		Attrs:  []op.Attr{integer("exclusive", 0), integer("reverse", 0)},
		Inputs: op.In("x", "axis"), Outputs: op.In("y"),
		Infer: inferSame,
		Eval:  func(c *op.EvalCtx) error { return evalCumulative(c, start, floats, ints) },
		Tol:   op.Accumulating,
	}
}

func evalCumulative(c *op.EvalCtx, start int64, floats func(a, b float64) float64, ints func(a, b int64) int64) error {
	x, err := c.Need(0)
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
		c.Out[0], err = tensor.FromFloat64s(d, cumulate(c, x.Float64s(), x.Shape(), axis, float64(start), floats), x.Shape()...)
	case d.IsInt():
		v, err := x.Int64s()
		if err != nil {
			return err
		}
		c.Out[0], err = tensor.Of(cumulate(c, v, x.Shape(), axis, start, ints), x.Shape()...).Cast(d)
		return err
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	return err
}

func cumulate[T float64 | int64](c *op.EvalCtx, v []T, shape []int, axis int, start T, join func(a, b T) T) []T {
	exclusive, reverse := c.Int("exclusive", 0) != 0, c.Int("reverse", 0) != 0
	out := make([]T, len(v))
	n, inner := shape[axis], kernel.Product(shape[axis+1:])
	for o := range kernel.Product(shape[:axis]) {
		for in := range inner {
			sum := start
			for k := range n {
				if reverse {
					k = n - 1 - k
				}
				i := (o*n+k)*inner + in
				if exclusive {
					out[i] = sum
				}
				sum = join(sum, v[i])
				if !exclusive {
					out[i] = sum
				}
			}
		}
	}
	return out
}
