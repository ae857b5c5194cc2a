package image

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var affineGridDef = &op.Def{
	Name:    "AffineGrid",
	Family:  "image",
	Doc:     "Makes the grid for GridSample that an affine matrix theta[N,axes,axes+1] sends each output position to.",
	Inputs:  op.In("theta", "size"),
	Outputs: op.In("grid"),
	Attrs:   []op.Attr{{Name: "align_corners", Kind: op.Int, Default: int64(0)}},
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		ts := c.InShape(0)
		if ts != nil && len(ts) != 3 {
			return fmt.Errorf("theta %v has not three dimensions", ts)
		}
		size, ok := c.Content(1)
		if l := c.InShape(1); !ok && len(l) == 1 {
			if n, known := l[0].Int(); known && (n == 4 || n == 5) {
				size, ok = append(ir.Shape{{}}, kernel.FreshShape(c.Out(0), int(n-1))...), true
			}
		}
		if ts == nil || !ok {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		if len(size) != 4 && len(size) != 5 {
			return fmt.Errorf("size %v has not 4 or 5 elements", size)
		}
		axes := int64(len(size) - 2)
		for i, want := range []int64{axes, axes + 1} {
			if n, ok := ts[1+i].Int(); ok && n != want {
				return fmt.Errorf("theta %v does not match %d axes", ts, axes)
			}
		}
		out := append(ir.Shape{ts[0]}, size[2:]...)
		for _, d := range out {
			if n, ok := d.Int(); ok && n < 0 {
				return fmt.Errorf("size %v is negative", size)
			}
		}
		c.Set(0, c.InType(0), append(out, ir.Static(axes)))
		return nil
	},
	Eval: op.EvalDecomposed,
	// All positions, with a last coordinate of 1, times the matrix.
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		theta := b.In(0)
		size, ok := b.In(1).ConstInts()
		if !ok {
			return computedGrid(b)
		}
		if len(size) < 4 {
			return nil, fmt.Errorf("size %v has not 4 or 5 elements", size)
		}
		dims := kernel.ToInts(size[2:])
		if err := kernel.CheckSize(tensor.Float64, append([]int{5}, dims...)); err != nil {
			return nil, err
		}
		points := kernel.Product(dims)
		base := make([]float64, 0, points*(len(dims)+1))
		for p := range points {
			at, rest := make([]float64, len(dims)), p
			for i := len(dims) - 1; i >= 0; i-- {
				at[len(dims)-1-i] = spread(rest%dims[i], dims[i], b.Int("align_corners", 0) != 0)
				rest /= dims[i]
			}
			base = append(append(base, at...), 1)
		}
		t, err := tensor.FromFloat64s(theta.DType, base, points, len(dims)+1)
		if err != nil {
			return nil, err
		}
		y := b.MatMul(b.Const(t), b.Transpose(theta, 0, 2, 1))
		shape := append(append(ir.Shape{theta.Shape[0]}, ir.Dims(dims...)...), ir.Static(int64(len(dims))))
		return build.One(b.ReshapeDims(y, shape, theta))
	},
}

// computedGrid is the same for a size that is not constant.
func computedGrid(b build.B) ([]*ir.Value, error) {
	theta, size := b.In(0), b.In(1)
	if len(size.Shape) != 1 || len(theta.Shape) != 3 {
		return nil, fmt.Errorf("a size of unknown length: %w", op.ErrNoDecomposition)
	}
	length, ok := size.Shape[0].Int()
	if !ok || length < 4 {
		return nil, fmt.Errorf("a size of unknown length: %w", op.ErrNoDecomposition)
	}
	d, axes := theta.DType, length-2
	dims := b.Slice(size, 0, 2, length)
	columns := make([]*ir.Value, axes+1)
	for i := range axes {
		n := b.Slice(size, 0, 2+i, 3+i)
		at := b.Scale(b.Cast(b.Range(n), d), 2)
		if b.Int("align_corners", 0) != 0 {
			at = b.Div(at, b.Cast(b.Op("Max", nil, b.Sub(n, b.Ints(1)), b.Ints(1)), d))
		} else {
			at = b.Div(b.Add(at, b.Scalar(d, 1)), b.Cast(n, d))
		}
		place := make([]int64, axes)
		for k := range place {
			place[k] = 1
		}
		place[i] = -1
		at = b.Op("Expand", nil, b.Reshape(b.Sub(at, b.Scalar(d, 1)), place...), dims)
		columns[axes-1-i] = b.Reshape(at, -1, 1)
	}
	columns[axes] = b.Op("Expand", nil, b.Scalar(d, 1), b.Op("Shape", nil, columns[0]))
	y := b.MatMul(b.Concat(1, columns...), b.Transpose(theta, 0, 2, 1))
	return build.One(b.Op("Reshape", nil, y, b.Concat(0, b.Size(theta, 0), dims, b.Ints(axes))))
}

// spread places index i of n between -1 and 1: on the centres of the outer
// pixels, or on their edges.
func spread(i, n int, align bool) float64 {
	switch {
	case !align:
		return (2*float64(i)+1)/float64(n) - 1
	case n == 1:
		return -1
	}
	return 2*float64(i)/float64(n-1) - 1
}
