package pool

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var maxUnpoolDef = &op.Def{
	Name:    "MaxUnpool",
	Family:  "pool",
	Doc:     "Puts the maxima that MaxPool found back to their places, among zeros.",
	Inputs:  op.Opt(op.In("X", "I"), "output_shape"),
	Outputs: op.In("output"),
	Attrs: []op.Attr{
		{Name: "kernel_shape", Kind: op.Ints, Required: true},
		{Name: "pads", Kind: op.Ints},
		{Name: "strides", Kind: op.Ints},
	},
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		inner, err := unpooled(c.Node, s)
		if err != nil {
			return err
		}
		if c.In(2) == nil {
			c.Set(0, c.InType(0), inner)
			return nil
		}
		to, ok := c.Content(2)
		switch {
		case ok && s != nil && len(to) != len(s):
			return fmt.Errorf("output shape %v for input %v", to, s)
		case ok:
			c.Set(0, c.InType(0), append(ir.Shape{}, to...))
		case s != nil:
			c.Set(0, c.InType(0), kernel.FreshShape(c.Out(0), len(s)))
		default:
			c.Set(0, c.InType(0), nil)
		}
		return nil
	},
	Eval: evalMaxUnpool,
	// ScatterElements into a flat tensor of zeros, then Reshape and, for a larger
	// output shape, Pad.
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		inner, err := unpooled(b.Node, b.In(0).Shape)
		if err != nil {
			return nil, err
		}
		total, ok := inner.NumElements()
		n, static := total.Int()
		if !ok || !static {
			return nil, fmt.Errorf("input %v: %w", b.In(0).Shape, op.ErrNoDecomposition)
		}
		shape := make([]int64, len(inner))
		for i, d := range inner {
			shape[i], _ = d.Int()
		}
		pads := make([]int64, 2*len(shape))
		if v := b.In(2); v != nil {
			to, known := v.ConstInts()
			if !known || len(to) != len(shape) {
				return nil, fmt.Errorf("an output shape that is not constant: %w", op.ErrNoDecomposition)
			}
			for i := range shape {
				if pads[len(shape)+i] = to[i] - shape[i]; to[i] < shape[i] {
					return nil, fmt.Errorf("output shape %v is smaller than %v", to, shape)
				}
			}
		}
		zeros, err := kernel.Strided(tensor.New(b.In(0).DType), 0, []int{int(n)}, []int{0})
		if err != nil {
			return nil, err
		}
		y := b.Op("ScatterElements", ir.Attrs{"axis": int64(0)}, b.Const(zeros), b.Reshape(b.In(1), -1), b.Reshape(b.In(0), -1))
		y = b.Reshape(y, shape...)
		if v := b.In(2); v != nil {
			y = b.Op("Pad", nil, y, b.Ints(pads...))
		}
		return build.One(y)
	},
}

// unpooled is the shape that MaxPool had as its input, as far as the attributes
// tell.
func unpooled(n *ir.Node, s ir.Shape) (ir.Shape, error) {
	k := n.Ints("kernel_shape")
	if s == nil {
		return nil, nil
	}
	if len(s) < 3 || len(k) != len(s)-2 {
		return nil, fmt.Errorf("input %v does not match kernel_shape %v", s, k)
	}
	w, err := window.Read(n, len(k), nil)
	if err != nil {
		return nil, err
	}
	out := s[:2:2].Clone()
	for i, d := range s[2:] {
		o := d.AddInt(-1).Mul(ir.Static(w.Stride[i])).AddInt(w.Kernel[i] - w.Begin[i] - w.End[i])
		if v, ok := o.Int(); ok && v < 0 {
			return nil, fmt.Errorf("spatial axis %d has output size %d", i, v)
		}
		out = append(out, o)
	}
	return out, nil
}

func evalMaxUnpool(c *op.EvalCtx) error {
	x := c.Arg(0)
	index, err := c.Arg(1).Int64s()
	if err != nil {
		return fmt.Errorf("indices: %w", err)
	}
	shape, err := unpooled(c.Node, ir.Dims(x.Shape()...))
	if err != nil {
		return err
	}
	inner, _ := shape.Ints()
	if err := kernel.CheckSize(tensor.Float64, inner); err != nil {
		return err
	}
	if len(index) != x.Len() || !x.DType().IsReal() {
		return fmt.Errorf("%d indices for an input %v%v", len(index), x.DType(), x.Shape())
	}
	y := make([]float64, kernel.Product(inner))
	for i, v := range x.Float64s() {
		if index[i] < 0 || index[i] >= int64(len(y)) {
			return fmt.Errorf("index %d is outside %v", index[i], inner)
		}
		y[index[i]] = v
	}
	t, err := tensor.FromFloat64s(x.DType(), y, inner...)
	if err != nil || c.Arg(2) == nil {
		c.Out[0] = t
		return err
	}
	to, err := c.Arg(2).Int64s()
	if err != nil || len(to) != len(inner) {
		return fmt.Errorf("output_shape is %v%v", c.Arg(2).DType(), c.Arg(2).Shape())
	}
	place := make([][]int, len(to))
	for i, n := range to {
		if n < int64(inner[i]) || n > tensor.MaxElements {
			return fmt.Errorf("output shape %v is smaller than %v", to, inner)
		}
	}
	if err := kernel.CheckSize(x.DType(), kernel.ToInts(to)); err != nil {
		return err
	}
	if kernel.Product(kernel.ToInts(to)) == 0 {
		c.Out[0] = tensor.New(x.DType(), kernel.ToInts(to)...)
		return nil
	}
	for i, n := range to {
		place[i] = make([]int, n)
		for k := range place[i] {
			if place[i][k] = k; k >= inner[i] {
				place[i][k] = -1
			}
		}
	}
	c.Out[0], err = kernel.Remap(t, place, tensor.New(x.DType()))
	return err
}
