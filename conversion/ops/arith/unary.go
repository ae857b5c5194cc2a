package arith

import (
	"fmt"
	"math"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

func inferSame(c *op.InferCtx) error {
	c.Set(0, c.InType(0), c.InShape(0).Clone())
	return nil
}

// through64 makes the float32 form of a function that is computed in float64.
func through64(f func(float64) float64) func(float32) float32 {
	return func(x float32) float32 { return float32(f(float64(x))) }
}

// floatUnary makes the Def of a function of one floating-point number.
func floatUnary(name, doc string, f func(float64) float64) *op.Def {
	return unary(name, doc, through64(f), f, nil, nil)
}

// unary makes the Def of a function of one number. i64 serves the integers that
// fit it, u64 the one type that does not; nil refuses them.
func unary(name, doc string, f32 func(float32) float32, f64 func(float64) float64,
	i64 func(int64) int64, u64 func(uint64) uint64,
) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "arith",
		Inputs: op.In("X"), Outputs: op.In("Y"),
		Infer: inferSame,
		Eval: func(c *op.EvalCtx) error {
			t, err := c.Need(0)
			if err != nil {
				return err
			}
			switch d := t.DType(); {
			case d.IsFloat() && f32 != nil:
				c.Out[0], err = kernel.MapFloat(t, f32, f64)
			case d == tensor.Uint64 && u64 != nil:
				out := make([]uint64, t.Len())
				kernel.Map(out, tensor.View[uint64](t), u64)
				c.Out[0] = tensor.Of(out, t.Shape()...)
			case d.IsInt() && d != tensor.Uint64 && i64 != nil:
				c.Out[0], err = mapInts(t, i64)
			default:
				return fmt.Errorf("is not defined for %v", d)
			}
			return err
		},
		Harmless: []string{"consumed_inputs"},
		Tol:      op.Elementwise,
	}
}

func mapInts(t *tensor.Tensor, f func(int64) int64) (*tensor.Tensor, error) {
	v, err := t.Int64s()
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(v))
	kernel.Map(out, v, f)
	return tensor.Of(out, t.Shape()...).Cast(t.DType())
}

// test makes the Def of a predicate of one floating-point number.
func test(name, doc string, attrs []op.Attr, f func(*op.EvalCtx) func(float64) bool) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "arith", Attrs: attrs,
		Inputs: op.In("X"), Outputs: op.In("Y"),
		Infer: func(c *op.InferCtx) error {
			c.Set(0, tensor.Bool, c.InShape(0).Clone())
			return nil
		},
		Eval: func(c *op.EvalCtx) error {
			t, err := c.Need(0)
			if err != nil {
				return err
			}
			if !t.DType().IsFloat() {
				return fmt.Errorf("is not defined for %v", t.DType())
			}
			out := make([]bool, t.Len())
			kernel.Map(out, t.Float64s(), f(c))
			c.Out[0] = tensor.Of(out, t.Shape()...)
			return nil
		},
	}
}

func sign64(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	case x != x:
		return math.NaN()
	}
	return 0
}
