package arith

import (
	"fmt"
	"math"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var powDef = &op.Def{
	Name: "Pow", Doc: "Raises the first tensor to the power of the second elementwise, in the first one's type.", Family: "arith",
	Inputs: op.In("X", "Y"), Outputs: op.In("Z"),
	Infer:    func(c *op.InferCtx) error { return setBroadcast(c, c.InType(0)) },
	Eval:     evalPow,
	FromONNX: broadcastFromONNX("Pow"),
	Tol:      op.Elementwise,
}

func evalPow(c *op.EvalCtx) error {
	a, b := c.Arg(0), c.Arg(1)
	if a == nil || b == nil {
		return fmt.Errorf("needs two inputs, has %d", len(c.In))
	}
	shape, err := kernel.BroadcastShape(a.Shape(), b.Shape())
	if err == nil {
		err = kernel.CheckSize(a.DType(), shape)
	}
	if err != nil {
		return err
	}
	num := func(d tensor.DType) bool { return d.IsFloat() || d.IsInt() }
	if !num(a.DType()) || !num(b.DType()) {
		return fmt.Errorf("is not defined for %v and %v", a.DType(), b.DType())
	}
	var out *tensor.Tensor
	switch {
	case a.DType().IsInt() && b.DType().IsInt():
		x, y, err := ints(a, b)
		if err != nil {
			return err
		}
		if i := firstNegative(y); i >= 0 {
			return fmt.Errorf("integer to the negative power %d", y[i])
		}
		out = zip(shape, a, b, x, y, kernel.RowOf(powInt))
	case a.DType() == tensor.Float32 && b.DType() != tensor.Float64:
		out = zip(shape, a, b, a.Float32s(), b.Float32s(), powRow)
	default:
		out = zip(shape, a, b, a.Float64s(), b.Float64s(), kernel.RowOf(math.Pow))
	}
	c.Out[0], err = out.Cast(a.DType())
	return err
}

// powRow has the squares that normalisations are full of without a call of Pow.
func powRow(dst, a []float32, sa int, b []float32, sb int) {
	if sb == 0 && b[0] == 2 {
		mulRow(dst, a, sa, a, sa)
		return
	}
	for i := range dst {
		dst[i] = float32(math.Pow(float64(a[i*sa]), float64(b[i*sb])))
	}
}

func firstNegative(v []int64) int {
	for i, x := range v {
		if x < 0 {
			return i
		}
	}
	return -1
}

func powInt(x, n int64) int64 {
	r := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			r *= x
		}
		x *= x
	}
	return r
}
