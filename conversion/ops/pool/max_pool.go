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
	Infer:     inferPool,
	Tol:       op.Exact,
	Eval:      evalMaxPool,
	Decompose: maxOfSlices,
	FromONNX:  readPool("MaxPool", "ceil_mode", "storage_order"),
}

func evalMaxPool(c *op.EvalCtx) error {
	x := c.Arg(0)
	g, err := newGrid(c.Node, shapeOf(x))
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
			if index == nil {
				maxByRows(g, in, out, least)
				continue
			}
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

// maxByRows takes the maximum of whole output rows, one kernel offset at a time.
func maxByRows[T cmp.Ordered](g *grid, in, out []T, least T) {
	for i := range out {
		out[i] = least
	}
	for row := range g.out[0] * g.out[1] {
		od, oh := row/g.out[1], row%g.out[1]
		dst := out[row*g.out[2]:][:g.out[2]]
		for kd := g.first[0][od]; kd < g.last[0][od]; kd++ {
			z := od*g.stride[0] - g.begin[0] + kd*g.dilation[0]
			for kh := g.first[1][oh]; kh < g.last[1][oh]; kh++ {
				y := oh*g.stride[1] - g.begin[1] + kh*g.dilation[1]
				src := in[(z*g.in[1]+y)*g.in[2]:][:g.in[2]]
				for kw := range g.kernel[2] {
					maxInto(dst, src, kw*g.dilation[2]-g.begin[2], g.stride[2])
				}
			}
		}
	}
}

// maxInto raises dst[i] to src[at+i*stride] where that lies inside src. NaN wins
// and stays.
func maxInto[T cmp.Ordered](dst, src []T, at, stride int) {
	i := 0
	if at < 0 {
		i = (stride - 1 - at) / stride
	}
	for j := at + i*stride; i < len(dst) && j < len(src); i++ {
		if v := src[j]; v > dst[i] || v != v {
			dst[i] = v
		}
		j += stride
	}
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
