package pool

import (
	"cmp"
	"fmt"
	"math"

	"slipway/conversion/op"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var maxPoolDef = &op.Def{
	Name:    "MaxPool",
	Family:  "pool",
	Doc:     "Largest element of every window, and optionally its index in the flattened input.",
	Inputs:  op.In("X"),
	Outputs: op.Opt(op.In("Y"), "Indices"),
	Attrs: window.Attrs(
		op.Attr{Name: "ceil_mode", Kind: op.Int, Default: int64(0)},
		op.Attr{Name: "storage_order", Kind: op.Int, Default: int64(0)},
	),
	Infer:    inferPool,
	Tol:      op.Exact,
	Eval:     evalMaxPool,
	FromONNX: readPool("MaxPool", "ceil_mode", "storage_order"),
}

func evalMaxPool(c *op.EvalCtx) error {
	x := c.Arg(0)
	g, err := newGrid(c.Node, x)
	if err != nil {
		return err
	}
	var index []int64
	if len(c.Out) > 1 {
		index = make([]int64, g.planes*g.outSize)
		c.Out[1] = tensor.Of(index, g.shape...)
	}
	column := c.Int("storage_order", 0) == 1
	switch x.DType() {
	case tensor.Float64:
		c.Out[0] = tensor.Of(maxPool(g, x.Float64s(), math.Inf(-1), index, column), g.shape...)
	case tensor.Int8:
		c.Out[0] = tensor.Of(maxPool(g, tensor.View[int8](x), math.MinInt8, index, column), g.shape...)
	case tensor.Uint8:
		c.Out[0] = tensor.Of(maxPool(g, tensor.View[uint8](x), 0, index, column), g.shape...)
	case tensor.Float32, tensor.Float16, tensor.BFloat16:
		y := tensor.Of(maxPool(g, x.Float32s(), float32(math.Inf(-1)), index, column), g.shape...)
		c.Out[0], err = y.Cast(x.DType())
	default:
		err = fmt.Errorf("element type %v is not supported", x.DType())
	}
	return err
}

func maxPool[T cmp.Ordered](g *grid, x []T, least T, index []int64, column bool) []T {
	y := make([]T, g.planes*g.outSize)
	g.parallel(func(lo, hi int) {
		for p := lo; p < hi; p++ {
			in, out := x[p*g.inSize:][:g.inSize], y[p*g.outSize:][:g.outSize]
			g.each(func(i int, w *view) {
				best, at := least, -1
				w.rows(func(first, step, n int) {
					for j := first; n > 0; n-- {
						if v := in[j]; v > best || at < 0 || v != v {
							best, at = v, j
						}
						j += step
					}
				})
				out[i] = best
				if index != nil {
					index[p*g.outSize+i] = int64(p*g.inSize + g.number(max(at, 0), column))
				}
			})
		}
	})
	return y
}

// number is the index of an element in its plane; in column order the last two
// axes swap roles.
func (g *grid) number(at int, column bool) int {
	if !column {
		return at
	}
	plane := g.in[1] * g.in[2]
	z, y, x := at/plane, at/g.in[2]%g.in[1], at%g.in[2]
	return z*plane + x*g.in[1] + y
}
