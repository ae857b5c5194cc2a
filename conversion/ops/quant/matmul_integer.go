package quant

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/tensor"
)

var matMulIntegerDef = &op.Def{
	Name:      "MatMulInteger",
	Family:    "quant",
	FixedType: true,
	Doc:       "Matrix product of integer factors minus their zero points, as i32 sums.",
	Inputs:    op.Opt(op.In("A", "B"), "a_zero_point", "b_zero_point"),
	Outputs:   op.In("Y"),
	Tol:       op.Exact,
	Decompose: productByFloats,
	Infer: func(c *op.InferCtx) error {
		s, err := kernel.InferProduct(c.InShape(0), c.InShape(1))
		if err != nil {
			return err
		}
		c.Set(0, tensor.Int32, s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		sum, p, err := integerProduct(c.Arg(0), c.Arg(2), c.Arg(1), c.Arg(3))
		if err != nil {
			return err
		}
		c.Out[0] = tensor.Of(sum, p.Shape...)
		return nil
	},
}

var qLinearMatMulDef = &op.Def{
	Name:      "QLinearMatMul",
	Family:    "quant",
	FixedType: true,
	Doc:       "Matrix product of quantized factors with integer sums, requantized to y's scale.",
	Inputs: op.In("a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point",
		"y_scale", "y_zero_point"),
	Outputs: op.In("y"),
	Scales:  op.Scales{Read: []int{1, 4}, Made: []int{6}},
	Tol:     oneStep,
	Infer: func(c *op.InferCtx) error {
		if err := zerosOfType(c, [2]int{0, 2}, [2]int{3, 5}); err != nil {
			return err
		}
		s, err := kernel.InferProduct(c.InShape(0), c.InShape(3))
		if err != nil {
			return err
		}
		c.Set(0, c.InType(7), s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		for i := range 8 {
			if c.Arg(i) == nil {
				return fmt.Errorf("lacks input %d", i)
			}
		}
		sum, p, err := integerProduct(c.Arg(0), c.Arg(2), c.Arg(3), c.Arg(5))
		if err != nil {
			return err
		}
		r, err := newRequantizer(c.Arg(1), c.Arg(4), c.Arg(6), c.Arg(7), p.N)
		if err != nil {
			return err
		}
		c.Out[0], err = r.run(sum, p.Shape, 1)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		for _, i := range []int{1, 4} {
			if n, ok := b.In(i).Shape.NumElements(); !ok || !n.Is(1) {
				return nil, fmt.Errorf("scale of shape %v: %w", b.In(i).Shape, op.ErrNoDecomposition)
			}
		}
		x := b.Op("DequantizeLinear", nil, b.In(0), b.In(1), b.In(2))
		w := b.Op("DequantizeLinear", nil, b.In(3), b.In(4), b.In(5))
		y := b.Op("MatMul", nil, x, w)
		return []*ir.Value{b.Op("QuantizeLinear", nil, y, b.In(6), b.In(7))}, nil
	},
}

// integerProduct multiplies (a - az) by (b - bz) in int32.
func integerProduct(a, az, b, bz *tensor.Tensor) ([]int32, *kernel.Product, error) {
	if a == nil || b == nil {
		return nil, nil, fmt.Errorf("lacks a factor")
	}
	p, err := kernel.NewProduct(a.Shape(), b.Shape())
	if err != nil {
		return nil, nil, err
	}
	x, err := centredAlong(a, az, max(a.Rank()-2, 0))
	if err != nil {
		return nil, nil, fmt.Errorf("zero point of the first factor: %w", err)
	}
	y, err := centredAlong(b, bz, b.Rank()-1)
	if err != nil {
		return nil, nil, fmt.Errorf("zero point of the second factor: %w", err)
	}
	return kernel.Multiply(p, x, y), p, nil
}

// centredAlong is t minus a zero point that has one element, or one for each
// position along axis.
func centredAlong(t, zp *tensor.Tensor, axis int) ([]int32, error) {
	if zp == nil || zp.Len() == 1 {
		return centred(t, zp, 1)
	}
	if zp.DType() != t.DType() || zp.Len() != t.Shape()[axis] || zp.Rank() > 2 {
		return nil, fmt.Errorf("%v does not match %v%v", zp, t.DType(), t.Shape())
	}
	out, err := centred(t, nil, 1)
	if err != nil {
		return nil, err
	}
	z, err := zp.Int64s()
	if err != nil {
		return nil, err
	}
	inner := 1
	for _, d := range t.Shape()[axis+1:] {
		inner *= d
	}
	for i := range out {
		out[i] -= int32(z[i/inner%len(z)])
	}
	return out, nil
}
