package pool

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var lpPoolDef = &op.Def{
	Name:    "LpPool",
	Family:  "pool",
	Doc:     "Lp norm of every window: (sum |x|^p)^(1/p).",
	Inputs:  op.In("X"),
	Outputs: op.In("Y"),
	Attrs: window.Attrs(
		op.Attr{Name: "ceil_mode", Kind: op.Int, Default: int64(0)},
		op.Attr{Name: "p", Kind: op.Int, Default: int64(2)},
	),
	Infer: inferPool,
	Tol:   op.Accumulating,
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		g, err := newGrid(c.Node, shapeOf(x))
		if err != nil {
			return err
		}
		if !x.DType().IsFloat() {
			return fmt.Errorf("element type %v is not floating-point", x.DType())
		}
		p, in := c.Int("p", 2), x.Float64s()
		if p < 1 {
			return fmt.Errorf("p %d is not positive", p)
		}
		y := make([]float64, g.planes*g.outSize)
		g.parallel(func(lo, hi int) {
			for plane := lo; plane < hi; plane++ {
				src := in[plane*g.inSize:][:g.inSize]
				g.each(func(i int, w *view) {
					sum := 0.0
					w.rows(func(at, step, n int) {
						for ; n > 0; n-- {
							sum += powInt(math.Abs(src[at]), p)
							at += step
						}
					})
					y[plane*g.outSize+i] = root(sum, p)
				})
			}
		})
		c.Out[0], err = tensor.FromFloat64s(x.DType(), y, g.shape...)
		return err
	},
	Decompose: decomposeLpPool,
	FromONNX:  readPool("LpPool", "ceil_mode", "p"),
}

// decomposeLpPool takes the sum as the mean times the window's size. In ceil
// mode a window may reach beyond the padding, where the mean counts less.
func decomposeLpPool(b *op.Builder) ([]*ir.Value, error) {
	p, x := b.Int("p", 2), b.In(0)
	plain := !slices.ContainsFunc(b.Node.Ints("dilations"), func(d int64) bool { return d != 1 })
	if p != 1 && p != 2 || b.Int("ceil_mode", 0) != 0 || !plain {
		return rootOfSlices(b)
	}
	attrs := b.Attrs.Clone()
	delete(attrs, "p")
	attrs["count_include_pad"] = int64(1)
	size := 1.0
	for _, k := range b.Node.Ints("kernel_shape") {
		size *= float64(k)
	}
	if p == 1 {
		x = b.Op("Abs", nil, x)
	} else {
		x = b.Op("Mul", nil, x, x)
	}
	sum := b.Op("Mul", nil, b.Op("AveragePool", attrs, x), b.Scalar(x.DType, size))
	if p == 2 {
		sum = b.Op("Sqrt", nil, sum)
	}
	return []*ir.Value{sum}, nil
}

func powInt(x float64, p int64) float64 {
	switch p {
	case 1:
		return x
	case 2:
		return x * x
	}
	return math.Pow(x, float64(p))
}

func root(x float64, p int64) float64 {
	switch p {
	case 1:
		return x
	case 2:
		return math.Sqrt(x)
	}
	return math.Pow(x, 1/float64(p))
}
