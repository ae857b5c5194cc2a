package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var negDef = func() *op.Def {
	d := unary("Neg", "Flips the sign of each element.",
		func(x float32) float32 { return -x }, func(x float64) float64 { return -x },
		func(x int64) int64 { return -x }, nil)
	d.Infer = func(c *op.InferCtx) error {
		if err := inferSame(c); err != nil {
			return err
		}
		if v, ok := c.Content(0); ok && c.InType(0).IsSigned() && c.InType(0).Bits() >= 32 {
			out := make([]ir.Dim, len(v))
			for i := range v {
				out[i] = ir.Static(0).Sub(v[i])
			}
			c.SetContent(0, out)
		}
		return nil
	}
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		if t := b.In(0).DType; t.IsFloat() {
			return []*ir.Value{b.Op("Mul", nil, b.In(0), b.Scalar(t, -1))}, nil
		}
		return nil, fmt.Errorf("Neg of %v: %w", b.In(0).DType, op.ErrNoDecomposition)
	}
	return d
}()
