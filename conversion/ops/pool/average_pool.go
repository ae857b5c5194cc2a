package pool

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var averagePoolDef = &op.Def{
	Name:    "AveragePool",
	Family:  "pool",
	Doc:     "Mean of every window; padding counts only with count_include_pad, and what lies beyond it never.",
	Inputs:  op.In("X"),
	Outputs: op.In("Y"),
	Attrs: window.Attrs(
		op.Attr{Name: "ceil_mode", Kind: op.Int, Default: int64(0)},
		op.Attr{Name: "count_include_pad", Kind: op.Int, Default: int64(0)},
	),
	Infer: inferPool,
	Tol:   op.Accumulating,
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		g, err := newGrid(c.Node, shapeOf(x))
		if err != nil {
			return err
		}
		padded := c.Int("count_include_pad", 0) != 0
		switch {
		case x.DType() == tensor.Float64:
			c.Out[0] = tensor.Of(averagePool(g, x.Float64s(), padded), g.shape...)
		case x.DType().IsFloat():
			c.Out[0], err = tensor.Of(averagePool(g, x.Float32s(), padded), g.shape...).Cast(x.DType())
		default:
			err = fmt.Errorf("element type %v is not floating-point", x.DType())
		}
		return err
	},
	Decompose: meanOfSlices,
	FromONNX:  readPool("AveragePool", "ceil_mode", "count_include_pad"),
}

func averagePool[T float32 | float64](g *grid, x []T, padded bool) []T {
	y := make([]T, g.planes*g.outSize)
	g.parallel(func(lo, hi int) {
		for p := lo; p < hi; p++ {
			in, out := x[p*g.inSize:][:g.inSize], y[p*g.outSize:][:g.outSize]
			g.each(func(i int, w *view) {
				sum := T(0)
				w.rows(func(at, step, n int) {
					for ; n > 0; n-- {
						sum += in[at]
						at += step
					}
				})
				if n := w.count(padded); n > 0 {
					out[i] = sum / T(n)
				}
			})
		}
	})
	return y
}
