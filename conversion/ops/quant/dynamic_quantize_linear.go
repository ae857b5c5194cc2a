package quant

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var dynamicQuantizeDef = &op.Def{
	Name:      "DynamicQuantizeLinear",
	Family:    "quant",
	FixedType: true,
	Doc:       "Quantizes x to u8 by its own range, which always holds 0; returns also scale and zero point.",
	Inputs:    op.In("x"),
	Outputs:   op.In("y", "y_scale", "y_zero_point"),
	Tol:       oneStep,
	Decompose: dynamicByArithmetic,
	Infer: func(c *op.InferCtx) error {
		c.Set(0, tensor.Uint8, c.InShape(0).Clone())
		c.Set(1, tensor.Float32, ir.Shape{})
		c.Set(2, tensor.Uint8, ir.Shape{})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x == nil || x.DType() != tensor.Float32 {
			return fmt.Errorf("wants an f32 input")
		}
		v := x.Float32s()
		lo, hi := float32(0), float32(0)
		for _, f := range v {
			lo, hi = min(lo, f), max(hi, f)
		}
		scale := float32(1)
		if hi != lo {
			scale = hi - lo
		}
		scale /= 255
		zp := float32(math.RoundToEven(float64(max(0, min(255, -lo/scale)))))
		s, err := newSpread(c.Node, x.Shape(), nil)
		if err != nil {
			return err
		}
		c.Out[0] = tensor.Of(quantizeTo[uint8](s, v, []float32{scale}, []float32{zp}, 0, 255, tensor.Float32), x.Shape()...)
		if len(c.Out) > 1 {
			c.Out[1] = tensor.Scalar(scale)
		}
		if len(c.Out) > 2 {
			c.Out[2] = tensor.Scalar(uint8(zp))
		}
		return nil
	},
}
