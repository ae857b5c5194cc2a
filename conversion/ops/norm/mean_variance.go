package norm

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var meanVarianceDef = &op.Def{
	Name:    "MeanVarianceNormalization",
	Family:  "norm",
	Doc:     "(x - mean)/(standard deviation + 1e-9) over axes, by default all but the channels.",
	Inputs:  op.In("X"),
	Outputs: op.In("Y"),
	Attrs:   []op.Attr{{Name: "axes", Kind: op.Ints, Default: []int64{0, 2, 3}}},
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil {
			if _, err := normAxes(c.Node, len(s)); err != nil {
				return err
			}
		}
		return sameShape(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if err := floats(x); err != nil {
			return err
		}
		reduced, err := normAxes(c.Node, x.Rank())
		if err != nil {
			return err
		}
		y := clone(x)
		cells(x.Shape(), reduced, func(at []int) {
			mean, square := 0.0, 0.0
			for _, i := range at {
				mean += y[i]
			}
			mean /= float64(len(at))
			for _, i := range at {
				square += (y[i] - mean) * (y[i] - mean)
			}
			deviation := math.Sqrt(square/float64(len(at))) + 1e-9
			for _, i := range at {
				y[i] = (y[i] - mean) / deviation
			}
		})
		c.Out[0], err = tensor.FromFloat64s(x.DType(), y, x.Shape()...)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x, keep := b.In(0), ir.Attrs{"keepdims": int64(1)}
		axes := b.Ints(axesOf(b.Node)...)
		d := b.Op("Sub", nil, x, b.Op("ReduceMean", keep.Clone(), x, axes))
		deviation := b.Op("Sqrt", nil, b.Op("ReduceMean", keep.Clone(), b.Op("Mul", nil, d, d), axes))
		return []*ir.Value{b.Op("Div", nil, d, b.Op("Add", nil, deviation, b.Scalar(x.DType, 1e-9)))}, nil
	},
}

func axesOf(n *ir.Node) []int64 {
	if n.Has("axes") {
		return n.Ints("axes")
	}
	return []int64{0, 2, 3}
}

// normAxes marks the reduced axes.
func normAxes(n *ir.Node, rank int) ([]bool, error) {
	out := make([]bool, rank)
	for _, a := range axesOf(n) {
		if a < -int64(rank) || a >= int64(rank) {
			return nil, fmt.Errorf("axis %d is out of range for rank %d", a, rank)
		}
		out[(a+int64(rank))%int64(rank)] = true
	}
	return out, nil
}

// cells calls f for every combination of positions along the axes that are not
// reduced, with the indices of the elements that are reduced together.
func cells(shape []int, reduced []bool, f func(at []int)) {
	inner, outer := []int{0}, []int{0}
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		list := &outer
		if reduced[i] {
			list = &inner
		}
		next := make([]int, 0, len(*list)*shape[i])
		for p := range shape[i] {
			for _, v := range *list {
				next = append(next, v+p*stride)
			}
		}
		*list = next
		stride *= shape[i]
	}
	at := make([]int, len(inner))
	for _, base := range outer {
		for i, v := range inner {
			at[i] = base + v
		}
		if len(at) > 0 {
			f(at)
		}
	}
}
