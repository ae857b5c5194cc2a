package quant

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/tensor"
)

var quantizeDef = &op.Def{
	Name:      "QuantizeLinear",
	Family:    "quant",
	FixedType: true,
	Doc:       "Rounds x/scale to the nearest even integer, adds the zero point and saturates; the zero point gives the type.",
	Inputs:    op.Opt(op.In("x", "y_scale"), "y_zero_point"),
	Outputs:   op.In("y"),
	Scales:    op.Scales{Made: []int{1}},
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Default: int64(1)},
		{Name: "block_size", Kind: op.Int, Default: int64(0)},
		{Name: "output_dtype", Kind: op.Int, Default: int64(0)},
		{Name: "precision", Kind: op.Int, Default: int64(0)},
		{Name: "saturate", Kind: op.Int, Default: int64(1)},
	},
	Tol:       oneStep,
	Decompose: quantizeByArithmetic,
	Infer: func(c *op.InferCtx) error {
		d, err := quantizedType(c.Node, c.InType(2), c.In(2) != nil)
		if err != nil {
			return err
		}
		if err := checkParams(c, 1, 2); err != nil {
			return err
		}
		c.Set(0, d, c.InShape(0).Clone())
		return nil
	},
	Eval: evalQuantize,
	// The IR form names the type by a zero point wherever the scale's shape is
	// known, so that readers of the graph look in one place.
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("axis", "block_size", "output_dtype", "precision", "saturate")
		in := append([]*ir.Value{}, s.Inputs...)
		if len(in) < 2 {
			return fmt.Errorf("lacks its scale")
		}
		if s.In(2) != nil {
			delete(attrs, "output_dtype")
			return s.Lower("QuantizeLinear", attrs, in...)
		}
		shape, ok := in[1].Shape.Ints()
		if !ok {
			return s.Lower("QuantizeLinear", attrs, in[:2]...)
		}
		d, err := quantizedType(&ir.Node{Attrs: attrs}, tensor.Invalid, false)
		if err != nil {
			return err
		}
		if err := kernel.CheckSize(shape...); err != nil {
			return err
		}
		delete(attrs, "output_dtype")
		return s.Lower("QuantizeLinear", attrs, in[0], in[1], s.Const(tensor.New(d, shape...)))
	},
}

// quantizedType is the zero point's type, else output_dtype, else u8.
func quantizedType(n *ir.Node, zero tensor.DType, given bool) (tensor.DType, error) {
	d, err := typeAttr(n, "output_dtype")
	if err != nil {
		return d, err
	}
	switch {
	case given && d != tensor.Invalid && zero != tensor.Invalid && d != zero:
		return d, fmt.Errorf("output_dtype %v contradicts the zero point's type %v", d, zero)
	case given:
		d = zero
	case d == tensor.Invalid:
		d = tensor.Uint8
	}
	if _, _, ok := limits(d); !ok && !isFloat8(d) && d != tensor.Invalid {
		return d, fmt.Errorf("%v is not a type to quantize to", d)
	}
	return d, nil
}

func evalQuantize(c *op.EvalCtx) error {
	x, scale, zp := c.Arg(0), c.Arg(1), c.Arg(2)
	if x == nil || scale == nil || !scale.DType().IsFloat() || !x.DType().IsReal() {
		return fmt.Errorf("wants a numeric input and a floating-point scale")
	}
	zeroType := tensor.Invalid
	if zp != nil {
		zeroType = zp.DType()
	}
	d, err := quantizedType(c.Node, zeroType, zp != nil)
	if err != nil {
		return err
	}
	s, err := newSpread(c.Node, x.Shape(), scale.Shape())
	if err != nil {
		return err
	}
	zero, err := zeros(zp, scale.Len())
	if err != nil {
		return err
	}
	if zero == nil {
		zero = make([]float32, scale.Len())
	}
	narrow, err := divisionType(c.Node, x.DType(), scale.DType())
	if err != nil {
		return err
	}
	in, sc := x.Float32s(), scale.Float32s()
	if isFloat8(d) {
		return quantizeFloat8(c, s, in, sc, d, narrow)
	}
	lo, hi, _ := limits(d)
	switch d {
	case tensor.Int8:
		c.Out[0] = tensor.Of(quantizeTo[int8](s, in, sc, zero, lo, hi, narrow), x.Shape()...)
	case tensor.Uint8:
		c.Out[0] = tensor.Of(quantizeTo[uint8](s, in, sc, zero, lo, hi, narrow), x.Shape()...)
	case tensor.Int16:
		c.Out[0] = tensor.Of(quantizeTo[int16](s, in, sc, zero, lo, hi, narrow), x.Shape()...)
	case tensor.Uint16:
		c.Out[0] = tensor.Of(quantizeTo[uint16](s, in, sc, zero, lo, hi, narrow), x.Shape()...)
	default:
		c.Out[0], err = tensor.Of(quantizeTo[int8](s, in, sc, zero, lo, hi, narrow), x.Shape()...).Cast(d)
	}
	return err
}

// divisionType is the type in which x/scale is rounded before it becomes an
// integer: precision where it is given, else the wider of x and scale.
func divisionType(n *ir.Node, x, scale tensor.DType) (tensor.DType, error) {
	p, err := typeAttr(n, "precision")
	if err != nil || p != tensor.Invalid {
		return p, err
	}
	if x == scale {
		return x, nil
	}
	return tensor.Float32, nil
}

func divide(x, scale float32, d tensor.DType) float32 {
	v := x / scale
	switch d {
	case tensor.Float16:
		return tensor.Float16ToFloat32(tensor.Float32ToFloat16(v))
	case tensor.BFloat16:
		return math.Float32frombits(uint32(tensor.Float32ToBFloat16(v)) << 16)
	}
	return v
}

func quantizeTo[T int8 | uint8 | int16 | uint16](s *spread, x, scale, zero []float32, lo, hi float32, d tensor.DType) []T {
	y := make([]T, len(x))
	s.rows(func(at, n, p, step int) {
		dst, src := y[at:][:n], x[at:][:n]
		for i, v := range src {
			q := float32(math.RoundToEven(float64(divide(v, scale[p], d)))) + zero[p]
			if !(q >= lo) {
				q = lo
			} else if q > hi {
				q = hi
			}
			dst[i] = T(int32(q))
			p += step
		}
	})
	return y
}

func quantizeFloat8(c *op.EvalCtx, s *spread, x, scale []float32, d, narrow tensor.DType) error {
	saturate := c.Int("saturate", 1) != 0
	var err error
	if d == tensor.Float4E2M1 {
		y := make([]float32, len(x))
		s.rows(func(at, n, p, step int) {
			for i := at; i < at+n; i++ {
				y[i] = divide(x[i], scale[p], narrow)
				p += step
			}
		})
		c.Out[0], err = tensor.Of(y, c.Arg(0).Shape()...).Cast(d)
		return err
	}
	y := make([]uint8, len(x))
	s.rows(func(at, n, p, step int) {
		for i := at; i < at+n; i++ {
			y[i] = tensor.Float32ToFloat8(d, divide(x[i], scale[p], narrow), saturate)
			p += step
		}
	})
	c.Out[0], err = tensor.FromBytes(d, c.Arg(0).Shape(), y)
	return err
}
