package detect

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var maxRoiPoolDef = &op.Def{
	Name: "MaxRoiPool", Family: "detect",
	Doc:     "Takes the maximum in each cell of a grid laid over each region of interest, on whole pixels.",
	Inputs:  op.In("X", "rois"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "pooled_shape", Kind: op.Ints, Required: true},
		{Name: "spatial_scale", Kind: op.Float, Default: 1.0},
	},
	Infer: func(c *op.InferCtx) error {
		h, w, err := pooledShape(c.Node)
		if err != nil {
			return err
		}
		return inferRegions(c, h, w)
	},
	Eval: func(c *op.EvalCtx) error {
		x, rois := c.Arg(0), c.Arg(1)
		if !x.DType().IsFloat() || !rois.DType().IsFloat() {
			return fmt.Errorf("wants floating-point input and regions")
		}
		oh, ow, err := pooledShape(c.Node)
		if err != nil {
			return err
		}
		xs, rs := x.Shape(), rois.Shape()
		if len(xs) != 4 || len(rs) != 2 || rs[1] != 5 {
			return fmt.Errorf("input %v and regions %v do not match", xs, rs)
		}
		shape := []int{rs[0], xs[1], int(oh), int(ow)}
		if err := kernel.CheckSize(tensor.Float64, shape); err != nil {
			return err
		}
		in, at, y := x.Float64s(), rois.Float64s(), make([]float64, kernel.Product(shape))
		scale := c.Float("spatial_scale", 1)
		for r := range rs[0] {
			v := at[r*5:][:5]
			if !(v[0] >= 0 && v[0] < float64(xs[0])) {
				return fmt.Errorf("batch index %v is outside %d images", v[0], xs[0])
			}
			ys := spans(v[2]*scale, v[4]*scale, int(oh), xs[2])
			xr := spans(v[1]*scale, v[3]*scale, int(ow), xs[3])
			for ch := range xs[1] {
				plane := in[(int(v[0])*xs[1]+ch)*xs[2]*xs[3]:][:xs[2]*xs[3]]
				dst := y[(r*xs[1]+ch)*len(ys)*len(xr):][:len(ys)*len(xr)]
				for i, h := range ys {
					for j, w := range xr {
						dst[i*len(xr)+j] = largest(plane, xs[3], h, w)
					}
				}
			}
		}
		c.Out[0], err = tensor.FromFloat64s(x.DType(), y, shape...)
		return err
	},
}

func pooledShape(n *ir.Node) (h, w int64, err error) {
	p := n.Ints("pooled_shape")
	if len(p) != 2 || p[0] < 1 || p[1] < 1 || p[0] > 1<<20 || p[1] > 1<<20 {
		return 0, 0, fmt.Errorf("pooled_shape %v is not two positive sizes", p)
	}
	return p[0], p[1], nil
}

// spans cuts the pixels from..to, both rounded, into n ranges inside [0, size);
// neighbours may share a pixel.
func spans(from, to float64, n, size int) [][2]int {
	lo, hi := roundAway(from), roundAway(to)
	cell := math.Max(hi-lo+1, 1) / float64(n)
	clip := func(v float64) int { return int(math.Max(0, math.Min(v, float64(size)))) }
	out := make([][2]int, n)
	for i := range out {
		out[i] = [2]int{clip(math.Floor(float64(i)*cell) + lo), clip(math.Ceil(float64(i+1)*cell) + lo)}
	}
	return out
}

func roundAway(v float64) float64 {
	if v != v {
		return 0
	}
	return math.Round(v)
}

// largest is the maximum in a rectangle of rows h and columns w, 0 where it is
// empty.
func largest(plane []float64, width int, h, w [2]int) float64 {
	if h[0] >= h[1] || w[0] >= w[1] {
		return 0
	}
	top := math.Inf(-1)
	for i := h[0]; i < h[1]; i++ {
		for _, v := range plane[i*width+w[0] : i*width+w[1]] {
			top = math.Max(top, v)
		}
	}
	return top
}
