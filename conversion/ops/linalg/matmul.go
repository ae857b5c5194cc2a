package linalg

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/tensor"
)

var matMulDef = &op.Def{
	Name:    "MatMul",
	Family:  "linalg",
	Doc:     "Matrix product with the batch rules of numpy.matmul.",
	Inputs:  op.In("A", "B"),
	Outputs: op.In("Y"),
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		s, err := kernel.InferProduct(c.InShape(0), c.InShape(1))
		if err != nil {
			return err
		}
		c.Set(0, c.InType(0), s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		a, b := c.Arg(0), c.Arg(1)
		if err := sameType(a, b); err != nil {
			return err
		}
		p, err := kernel.NewProduct(a.Shape(), b.Shape())
		if err != nil {
			return err
		}
		switch d := a.DType(); d {
		case tensor.Float32, tensor.Float16, tensor.BFloat16:
			c.Out[0], err = tensor.Of(kernel.Multiply(p, a.Float32s(), b.Float32s()), p.Shape...).Cast(d)
		case tensor.Float64:
			c.Out[0] = multiply[float64](p, a, b)
		case tensor.Int32:
			c.Out[0] = multiply[int32](p, a, b)
		case tensor.Int64:
			c.Out[0] = multiply[int64](p, a, b)
		case tensor.Uint32:
			c.Out[0] = multiply[uint32](p, a, b)
		case tensor.Uint64:
			c.Out[0] = multiply[uint64](p, a, b)
		default:
			err = fmt.Errorf("element type %v is not supported", d)
		}
		return err
	},
}

func multiply[T float64 | int32 | int64 | uint32 | uint64](p *kernel.Product, a, b *tensor.Tensor) *tensor.Tensor {
	return tensor.Of(kernel.Multiply(p, tensor.View[T](a), tensor.View[T](b)), p.Shape...)
}

func sameType(a, b *tensor.Tensor) error {
	if a == nil || b == nil {
		return fmt.Errorf("lacks a factor")
	}
	if a.DType() != b.DType() {
		return fmt.Errorf("factors have different types, %v and %v", a.DType(), b.DType())
	}
	return nil
}
