package activation

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var clipDef = &op.Def{
	Name: "Clip", Doc: "Limits each element to [min, max]; either limit may be absent.", Family: "activation",
	Inputs: op.Opt(op.In("input"), "min", "max"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		for i := 1; i <= 2; i++ {
			if s := c.InShape(i); s != nil && !isOne(s) && s.IsStatic() {
				return fmt.Errorf("limit %d has shape %v, not one element", i, s)
			}
		}
		return inferSame(c)
	},
	Eval: evalClip,
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		v := b.In(0)
		if lo := b.In(1); lo != nil {
			v = b.Op("Max", nil, v, lo)
		}
		if hi := b.In(2); hi != nil {
			v = b.Op("Min", nil, v, hi)
		}
		if v == b.In(0) {
			v = b.Op("Identity", nil, v)
		}
		return one(v)
	},
	FromONNX: clipFromONNX,
	Harmless: []string{"consumed_inputs"},
	Tol:      op.Exact,
}

// clipFromONNX turns the limits, attributes before opset 11, into inputs.
func clipFromONNX(s *op.Src) error {
	if s.Version >= 11 {
		return s.Lower("Clip", nil, s.Inputs...)
	}
	in := []*ir.Value{s.In(0), nil, nil}
	for i, name := range []string{"min", "max"} {
		if !s.Has(name) {
			continue
		}
		v := s.Float(name, 0)
		if math.Abs(v) >= math.MaxFloat32 {
			continue
		}
		t, err := tensor.FromFloat64s(s.In(0).DType, []float64{v})
		if err != nil {
			return fmt.Errorf("%s %v: %w", name, v, err)
		}
		in[1+i] = s.Const(t)
	}
	return s.Lower("Clip", nil, in...)
}

func evalClip(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	d := x.DType()
	for i := 1; i <= 2; i++ {
		if l := c.Arg(i); l != nil && (l.Len() != 1 || l.DType() != d) {
			return fmt.Errorf("limit %d is %v%v, not one %v", i, l.DType(), l.Shape(), d)
		}
	}
	switch {
	case d == tensor.Float64:
		c.Out[0] = clip(c, x, tensor.View[float64])
	case d.IsFloat():
		c.Out[0], err = clip(c, x, (*tensor.Tensor).Float32s).Cast(d)
	case d == tensor.Uint64:
		c.Out[0] = clip(c, x, tensor.View[uint64])
	case d.IsInt():
		c.Out[0], err = clip(c, x, func(t *tensor.Tensor) []int64 {
			v, _ := t.Int64s() // an integer tensor always has them
			return v
		}).Cast(d)
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	return err
}

func clip[T float32 | float64 | int64 | uint64](c *op.EvalCtx, x *tensor.Tensor, view func(*tensor.Tensor) []T) *tensor.Tensor {
	src := view(x)
	out := make([]T, len(src))
	f := func(v T) T { return v }
	lo, hi := c.Arg(1), c.Arg(2)
	switch {
	case lo != nil && hi != nil:
		a, b := view(lo)[0], view(hi)[0]
		f = func(v T) T { return min(max(v, a), b) }
	case lo != nil:
		a := view(lo)[0]
		f = func(v T) T { return max(v, a) }
	case hi != nil:
		b := view(hi)[0]
		f = func(v T) T { return min(v, b) }
	}
	kernel.Map(out, src, f)
	return tensor.Of(out, x.Shape()...)
}
