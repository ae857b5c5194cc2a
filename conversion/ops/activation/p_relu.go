package activation

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var pReluDef = &op.Def{
	Name: "PRelu", Doc: "Multiplies negative elements by a learned slope that broadcasts to the input.", Family: "activation",
	Inputs: op.In("X", "slope"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		if x, s := c.InShape(0), c.InShape(1); x != nil && s != nil {
			out, err := kernel.BroadcastDims(x, s)
			if err != nil {
				return err
			}
			if len(out) != len(x) {
				return fmt.Errorf("slope %v does not broadcast to %v", s, x)
			}
		}
		return inferSame(c)
	},
	Eval: evalPRelu,
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if !x.DType.IsFloat() {
			return nil, fmt.Errorf("PRelu of %v: %w", x.DType, op.ErrNoDecomposition)
		}
		neg := b.Op("Min", nil, x, b.Scalar(x.DType, 0))
		return one(b.Op("Add", nil, b.Op("Relu", nil, x), b.Op("Mul", nil, neg, b.In(1))))
	},
	FromONNX: func(s *op.Src) error {
		x, slope := s.In(0), s.In(1)
		if slope == nil {
			return fmt.Errorf("lacks its slope")
		}
		if s.Version >= 7 || isOne(slope.Shape) {
			return s.Lower("PRelu", nil, x, slope)
		}
		// Before opset 7 the slope is a list along the channels, axis 1.
		if x.Shape == nil || len(slope.Shape) != 1 {
			return fmt.Errorf("slope %v of opset %d does not fit input %v", slope.Shape, s.Version, x.Shape)
		}
		var axes []int64
		for i := 2; i < len(x.Shape); i++ {
			axes = append(axes, int64(i-1))
		}
		if len(axes) > 0 {
			n, err := s.Emit("Unsqueeze", nil, 1, slope, s.IntsConst(axes))
			if err != nil {
				return err
			}
			slope = n.Outputs[0]
		}
		return s.Lower("PRelu", nil, x, slope)
	},
	Harmless: []string{"consumed_inputs"},
	Tol:      op.Elementwise,
}

func isOne(s ir.Shape) bool {
	n, ok := s.NumElements()
	return ok && n.Is(1)
}

func evalPRelu(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	s, err := c.Need(1)
	if err != nil {
		return err
	}
	d := x.DType()
	if s.DType() != d {
		return fmt.Errorf("element types differ: %v and %v", d, s.DType())
	}
	shape, err := kernel.BroadcastShape(x.Shape(), s.Shape())
	if err == nil && !slices.Equal(shape, x.Shape()) {
		err = fmt.Errorf("slope %v does not broadcast to %v", s.Shape(), x.Shape())
	}
	if err != nil {
		return err
	}
	switch {
	case d == tensor.Float64:
		c.Out[0] = pRelu(x, s, tensor.View[float64](x), tensor.View[float64](s))
	case d.IsFloat():
		c.Out[0], err = pRelu(x, s, x.Float32s(), s.Float32s()).Cast(d)
	case d.IsUnsigned():
		c.Out[0] = x
	case d.IsSigned():
		v, err := x.Int64s()
		if err != nil {
			return err
		}
		w, err := s.Int64s()
		if err != nil {
			return err
		}
		c.Out[0], err = pRelu(x, s, v, w).Cast(d)
		return err
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	return err
}

func pRelu[T float32 | float64 | int64](x, slope *tensor.Tensor, v, w []T) *tensor.Tensor {
	out := make([]T, len(v))
	kernel.Zip(x.Shape(), out, v, x.Shape(), w, slope.Shape(), func(dst, a []T, sa int, b []T, sb int) {
		for i := range dst {
			y := a[i*sa]
			if y < 0 {
				y *= b[i*sb]
			}
			dst[i] = y
		}
	})
	return tensor.Of(out, x.Shape()...)
}
