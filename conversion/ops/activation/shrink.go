package activation

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var shrinkDef = func() *op.Def {
	d := curve("Shrink", "Moves elements beyond ±lambd toward 0 by bias and makes the others 0.",
		[]op.Attr{real("bias", 0), real("lambd", 0.5)}, shrink, decomposeShrink)
	floats := d.Eval
	d.Eval = func(c *op.EvalCtx) error {
		t := c.Arg(0)
		if t == nil || !t.DType().IsInt() {
			return floats(c)
		}
		f, v := shrink(c.Node), t.Float64s()
		out := make([]float64, len(v))
		for i, x := range v {
			out[i] = f(x)
		}
		var err error
		c.Out[0], err = tensor.FromFloat64s(t.DType(), out, t.Shape()...)
		return err
	}
	return d
}()

func shrink(n *ir.Node) func(float64) float64 {
	bias, limit := n.Float("bias", 0), n.Float("lambd", 0.5)
	return func(x float64) float64 {
		switch {
		case x < -limit:
			return x + bias
		case x > limit:
			return x - bias
		}
		return 0
	}
}

func decomposeShrink(b *op.Builder) ([]*ir.Value, error) {
	x, d := b.In(0), b.In(0).DType
	if !d.IsFloat() {
		return nil, fmt.Errorf("Shrink of %v: %w", d, op.ErrNoDecomposition)
	}
	bias, limit := b.Float("bias", 0), b.Float("lambd", 0.5)
	if bias == limit && limit >= 0 {
		return one(b.Op("Sub", nil, x, b.Op("Clip", nil, x, b.Scalar(d, -limit), b.Scalar(d, limit))))
	}
	above := b.Op("Where", nil, b.Op("Greater", nil, x, b.Scalar(d, limit)), b.Op("Sub", nil, x, b.Scalar(d, bias)), b.Scalar(d, 0))
	below := b.Op("Less", nil, x, b.Scalar(d, -limit))
	return one(b.Op("Where", nil, below, b.Op("Add", nil, x, b.Scalar(d, bias)), above))
}
