package quant

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/conv"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var groupAttr = op.Attr{Name: "group", Kind: op.Int, Default: int64(1)}

var qLinearConvDef = &op.Def{
	Name:      "QLinearConv",
	Family:    "quant",
	FixedType: true,
	Doc:       "Conv over quantized input and weights with integer sums, requantized to y's scale.",
	Inputs: op.Opt(op.In("x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point",
		"y_scale", "y_zero_point"), "B"),
	Outputs: op.In("y"),
	Scales:  op.Scales{Read: []int{1, 4}, Made: []int{6}},
	Attrs:   window.Attrs(groupAttr),
	Tol:     oneStep,
	Infer: func(c *op.InferCtx) error {
		if err := zerosOfType(c, [2]int{0, 2}, [2]int{3, 5}); err != nil {
			return err
		}
		s, err := conv.InferShape(c, 0, 3)
		if err != nil {
			return err
		}
		c.Set(0, c.InType(7), s)
		return nil
	},
	Eval:     evalQLinearConv,
	FromONNX: func(s *op.Src) error { return conv.ReadWindow(s, "QLinearConv", 3, "group") },
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.Op("DequantizeLinear", nil, b.In(0), b.In(1), b.In(2))
		// w_scale has one element or one for each output channel.
		w := b.Op("DequantizeLinear", ir.Attrs{"axis": int64(0)}, b.In(3), b.In(4), b.In(5))
		in := []*ir.Value{x, w}
		if bias := b.In(8); bias != nil {
			in = append(in, b.Op("DequantizeLinear", ir.Attrs{"axis": int64(0)}, bias, productStep(b, b.In(4), b.In(1))))
		}
		y := b.Op("Conv", b.Attrs.Clone(), in...)
		return []*ir.Value{b.Op("QuantizeLinear", nil, y, b.In(6), b.In(7))}, nil
	},
}

// productStep is the step of products of integers with steps of w, one or one for each
// channel, and of x: a constant where both are, so that a bias in it is one too.
func productStep(b *op.Builder, w, x *ir.Value) *ir.Value {
	step, one := x.ConstScalar()
	if !one || !w.IsConst() {
		return b.Op("Mul", nil, w, x)
	}
	steps := slices.Clone(w.Const.Float32s())
	for i := range steps {
		steps[i] *= float32(step)
	}
	return b.Const(tensor.Of(steps, w.Const.Shape()...))
}

func evalQLinearConv(c *op.EvalCtx) error {
	for i := range 8 {
		if c.Arg(i) == nil {
			return fmt.Errorf("lacks input %d", i)
		}
	}
	x, w := c.Arg(0), c.Arg(3)
	g, err := conv.NewGeometry(c.Node, x, w)
	if err != nil {
		return err
	}
	xi, err := centred(x, c.Arg(2), 1)
	if err != nil {
		return fmt.Errorf("x_zero_point: %w", err)
	}
	wi, err := centred(w, c.Arg(5), g.M)
	if err != nil {
		return fmt.Errorf("w_zero_point: %w", err)
	}
	var bias []int32
	if b := c.Arg(8); b != nil {
		if b.DType() != tensor.Int32 || b.Len() != g.M {
			return fmt.Errorf("bias is %v, want i32[%d]", b, g.M)
		}
		bias = tensor.View[int32](b)
	}
	sum := conv.Run(g, xi, wi, bias)
	r, err := newRequantizer(c.Arg(1), c.Arg(4), c.Arg(6), c.Arg(7), g.M)
	if err != nil {
		return err
	}
	shape := g.OutShape()
	inner := 1
	for _, d := range shape[2:] {
		inner *= d
	}
	c.Out[0], err = r.run(sum, shape, inner)
	return err
}

// centred is t minus its zero point as int32. The zero point has one element or
// one for each of the rows outermost parts of t.
func centred(t, zp *tensor.Tensor, rows int) ([]int32, error) {
	if t.DType() != tensor.Int8 && t.DType() != tensor.Uint8 {
		return nil, fmt.Errorf("element type %v is neither i8 nor u8", t.DType())
	}
	out := make([]int32, t.Len())
	if t.DType() == tensor.Int8 {
		for i, v := range tensor.View[int8](t) {
			out[i] = int32(v)
		}
	} else {
		for i, v := range tensor.View[uint8](t) {
			out[i] = int32(v)
		}
	}
	if zp == nil {
		return out, nil
	}
	z, err := zp.Int64s()
	if err != nil {
		return nil, err
	}
	if zp.DType() != t.DType() || len(z) != 1 && len(z) != rows {
		return nil, fmt.Errorf("%v does not match %v%v", zp, t.DType(), t.Shape())
	}
	part := len(out) / max(len(z), 1)
	for i := range out {
		out[i] -= int32(z[i/max(part, 1)])
	}
	return out, nil
}

// requantizer turns integer sums into a quantized tensor.
type requantizer struct {
	scale  []float32 // one, or one a channel
	zero   float32
	lo, hi float32
	dtype  tensor.DType
}

// newRequantizer multiplies the scales x*w/y; w's may have one element a channel.
func newRequantizer(x, w, y, zp *tensor.Tensor, channels int) (*requantizer, error) {
	if x.Len() != 1 || y.Len() != 1 || zp.Len() != 1 || w.Len() != 1 && w.Len() != channels {
		return nil, fmt.Errorf("scales %v, %v and %v do not match %d channels", x.Shape(), w.Shape(), y.Shape(), channels)
	}
	for _, t := range []*tensor.Tensor{x, w, y} {
		if !t.DType().IsFloat() {
			return nil, fmt.Errorf("a scale is %v, not floating-point", t.DType())
		}
	}
	lo, hi, ok := limits(zp.DType())
	if !ok || zp.DType().Bits() != 8 {
		return nil, fmt.Errorf("y_zero_point is %v, neither i8 nor u8", zp.DType())
	}
	r := &requantizer{zero: zp.Float32s()[0], lo: lo, hi: hi, dtype: zp.DType()}
	for _, v := range w.Float32s() {
		r.scale = append(r.scale, x.Float32s()[0]*v/y.Float32s()[0])
	}
	return r, nil
}

// run requantizes; the channel of element i is i/inner modulo their number.
func (r *requantizer) run(sum []int32, shape []int, inner int) (*tensor.Tensor, error) {
	dst := make([]byte, len(sum))
	for i, v := range sum {
		s := r.scale[0]
		if len(r.scale) > 1 {
			s = r.scale[i/inner%len(r.scale)]
		}
		q := float32(math.RoundToEven(float64(float32(v)*s))) + r.zero
		dst[i] = byte(int32(max(r.lo, min(r.hi, q))))
	}
	return tensor.FromBytes(r.dtype, shape, dst)
}

var convIntegerDef = &op.Def{
	Name:      "ConvInteger",
	Family:    "quant",
	FixedType: true,
	Doc:       "Conv of integer input and weights minus their zero points, as i32 sums.",
	Inputs:    op.Opt(op.In("x", "w"), "x_zero_point", "w_zero_point"),
	Outputs:   op.In("y"),
	Attrs:     window.Attrs(groupAttr),
	Tol:       op.Exact,
	Decompose: convByFloats,
	Infer: func(c *op.InferCtx) error {
		s, err := conv.InferShape(c, 0, 1)
		if err != nil {
			return err
		}
		c.Set(0, tensor.Int32, s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		g, err := conv.NewGeometry(c.Node, c.Arg(0), c.Arg(1))
		if err != nil {
			return err
		}
		x, err := centred(c.Arg(0), c.Arg(2), 1)
		if err != nil {
			return err
		}
		w, err := centred(c.Arg(1), c.Arg(3), g.M)
		if err != nil {
			return err
		}
		c.Out[0] = tensor.Of(conv.Run(g, x, w, nil), g.OutShape()...)
		return nil
	},
	FromONNX: func(s *op.Src) error { return conv.ReadWindow(s, "ConvInteger", 1, "group") },
}
