package quant

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var dequantizeDef = &op.Def{
	Name:      "DequantizeLinear",
	Family:    "quant",
	FixedType: true,
	Doc:       "(x - zero point) * scale, in the scale's type.",
	Inputs:    op.Opt(op.In("x", "x_scale"), "x_zero_point"),
	Outputs:   op.In("y"),
	Scales:    op.Scales{Read: []int{1}},
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Default: int64(1)},
		{Name: "block_size", Kind: op.Int, Default: int64(0)},
		{Name: "output_dtype", Kind: op.Int, Default: int64(0)},
	},
	Tol:       op.Elementwise,
	Decompose: dequantizeByArithmetic,
	Infer: func(c *op.InferCtx) error {
		d, err := dequantizedType(c.Node, c.InType(1))
		if err != nil {
			return err
		}
		if z := c.InType(2); z != tensor.Invalid && c.InType(0) != tensor.Invalid && z != c.InType(0) {
			return fmt.Errorf("zero point is %v, input is %v", z, c.InType(0))
		}
		if err := checkParams(c, 1, 2); err != nil {
			return err
		}
		c.Set(0, d, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, scale := c.Arg(0), c.Arg(1)
		if x == nil || scale == nil || !scale.DType().IsFloat() {
			return fmt.Errorf("wants an input and a floating-point scale")
		}
		if _, _, ok := limits(x.DType()); !ok && !isFloat8(x.DType()) && x.DType() != tensor.Int32 {
			return fmt.Errorf("%v is not a quantized type", x.DType())
		}
		d, err := dequantizedType(c.Node, scale.DType())
		if err != nil {
			return err
		}
		s, err := newSpread(c.Node, x.Shape(), scale.Shape())
		if err != nil {
			return err
		}
		zero, err := zeros(c.Arg(2), scale.Len())
		if err != nil {
			return err
		}
		if zero == nil {
			zero = make([]float32, scale.Len())
		}
		in, sc := x.Float32s(), scale.Float32s()
		y := make([]float32, len(in))
		s.rows(func(at, n, p, step int) {
			dst, src := y[at:][:n], in[at:][:n]
			for i, v := range src {
				dst[i] = (v - zero[p]) * sc[p]
				p += step
			}
		})
		c.Out[0], err = tensor.Of(y, x.Shape()...).Cast(d)
		return err
	},
}

func dequantizedType(n *ir.Node, scale tensor.DType) (tensor.DType, error) {
	d, err := typeAttr(n, "output_dtype")
	if err != nil || d != tensor.Invalid {
		return d, err
	}
	return scale, nil
}
