package pool

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var globalAveragePoolDef = &op.Def{
	Name: "GlobalAveragePool", Family: "pool",
	Doc:    "Mean over all spatial axes, which stay with size 1.",
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: inferGlobal,
	Tol:   op.Accumulating,
	Eval: func(c *op.EvalCtx) error {
		return global(c, func(plane []float64) float64 {
			sum := 0.0
			for _, v := range plane {
				sum += v
			}
			return sum / float64(len(plane))
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) { return reduceSpatial(b, "ReduceMean") },
}

var globalMaxPoolDef = &op.Def{
	Name: "GlobalMaxPool", Family: "pool",
	Doc:    "Maximum over all spatial axes, which stay with size 1.",
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: inferGlobal,
	Tol:   op.Exact,
	Eval: func(c *op.EvalCtx) error {
		return global(c, func(plane []float64) float64 {
			best := math.Inf(-1)
			for _, v := range plane {
				if v > best || v != v {
					best = v
				}
			}
			return best
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) { return reduceSpatial(b, "ReduceMax") },
}

var globalLpPoolDef = &op.Def{
	Name: "GlobalLpPool", Family: "pool",
	Doc:    "Lp norm over all spatial axes, which stay with size 1.",
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Attrs: []op.Attr{{Name: "p", Kind: op.Int, Default: int64(2)}},
	Infer: inferGlobal,
	Tol:   op.Accumulating,
	Eval: func(c *op.EvalCtx) error {
		p := c.Int("p", 2)
		if p < 1 {
			return fmt.Errorf("p %d is not positive", p)
		}
		return global(c, func(plane []float64) float64 {
			sum := 0.0
			for _, v := range plane {
				sum += powInt(math.Abs(v), p)
			}
			return root(sum, p)
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		switch b.Int("p", 2) {
		case 1:
			return reduceSpatial(b, "ReduceL1")
		case 2:
			return reduceSpatial(b, "ReduceL2")
		}
		return nil, fmt.Errorf("p %d: %w", b.Int("p", 2), op.ErrNoDecomposition)
	},
}

func inferGlobal(c *op.InferCtx) error {
	xs := c.InShape(0)
	if xs == nil {
		c.Set(0, c.InType(0), nil)
		return nil
	}
	if len(xs) < 2 {
		return fmt.Errorf("input %v needs at least two dimensions", xs)
	}
	out := xs.Clone()
	for i := 2; i < len(out); i++ {
		out[i] = ir.Static(1)
	}
	c.Set(0, c.InType(0), out)
	return nil
}

// global reduces every plane by f, in float64.
func global(c *op.EvalCtx, f func(plane []float64) float64) error {
	x := c.Arg(0)
	if x == nil || x.Rank() < 2 || !x.DType().IsFloat() {
		return fmt.Errorf("wants a floating-point input of at least two dimensions")
	}
	shape := append([]int{}, x.Shape()...)
	size := 1
	for i := 2; i < len(shape); i++ {
		size *= shape[i]
		shape[i] = 1
	}
	v := x.Float64s()
	y := make([]float64, shape[0]*shape[1])
	if size == 0 && len(y) > 0 {
		return fmt.Errorf("input %v has no elements to reduce", x.Shape())
	}
	tensor.Parallel(len(y), 1+(1<<14)/max(size, 1), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			y[p] = f(v[p*size:][:size])
		}
	})
	var err error
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, shape...)
	return err
}

func reduceSpatial(b *op.Builder, reduce string) ([]*ir.Value, error) {
	x := b.In(0)
	if x.Rank() < 3 {
		return nil, fmt.Errorf("input of rank %d: %w", x.Rank(), op.ErrNoDecomposition)
	}
	var axes []int64
	for i := 2; i < x.Rank(); i++ {
		axes = append(axes, int64(i))
	}
	return []*ir.Value{b.Op(reduce, ir.Attrs{"keepdims": int64(1)}, x, b.Ints(axes...))}, nil
}
