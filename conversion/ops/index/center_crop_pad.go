package index

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var centerCropPadDef = &op.Def{
	Name: "CenterCropPad", Doc: "Crops or pads with zeros around the centre to the given sizes.", Family: family,
	Attrs:  []op.Attr{{Name: "axes", Kind: op.Ints}},
	Inputs: op.In("input_data", "shape"), Outputs: op.In("output_data"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		axes, err := cropAxes(c.Node, len(s))
		if err != nil {
			return err
		}
		to, ok := c.Content(1)
		if ok && len(to) != len(axes) {
			return fmt.Errorf("%d sizes for %d axes", len(to), len(axes))
		}
		out := s.Clone()
		for i, a := range axes {
			if !ok {
				out[a] = kernel.Fresh(c.Out(0), a)
				continue
			}
			if n, static := to[i].Int(); static && n < 0 {
				return fmt.Errorf("size %d is negative", n)
			}
			out[a] = to[i]
		}
		c.Set(0, c.InType(0), out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		to, err := c.Ints64(1)
		if err != nil {
			return err
		}
		axes, err := cropAxes(c.Node, x.Rank())
		if err != nil {
			return err
		}
		if len(to) != len(axes) {
			return fmt.Errorf("%d sizes for %d axes", len(to), len(axes))
		}
		shape := slices.Clone(x.Shape())
		for i, a := range axes {
			if to[i] < 0 || to[i] > tensor.MaxElements {
				return fmt.Errorf("size %d is out of range", to[i])
			}
			shape[a] = int(to[i])
		}
		if err := kernel.CheckSize(x.DType(), shape); err != nil {
			return err
		}
		if kernel.Product(shape) == 0 {
			c.Out[0] = tensor.New(x.DType(), shape...)
			return nil
		}
		index := make([][]int, len(shape))
		for a, n := range shape {
			index[a] = make([]int, n)
			before := offset(x.Shape()[a], n)
			for i := range index[a] {
				if at := i - before; at >= 0 && at < x.Shape()[a] {
					index[a][i] = at
				} else {
					index[a][i] = -1
				}
			}
		}
		c.Out[0], err = kernel.Remap(x, index, tensor.New(x.DType()))
		return err
	},
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		x := b.In(0)
		if x.Rank() < 0 {
			return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
		}
		axes, err := cropAxes(b.Node, x.Rank())
		if err != nil {
			return nil, err
		}
		if to, ok := b.In(1).ConstInts(); ok && len(to) == len(axes) {
			if y := cropKnown(b, axes, to); y != nil {
				return build.One(y)
			}
		}
		return build.One(cropComputed(b, axes))
	},
}

// cropKnown is Slice, then Pad, for known sizes; nil where they are not.
func cropKnown(b build.B, axes []int, to []int64) *ir.Value {
	x := b.In(0)
	pads := make([]int64, 2*x.Rank())
	var cut, from, until []int64
	for i, a := range axes {
		n, known := x.Shape[a].Int()
		if !known {
			return nil
		}
		if before := int64(offset(int(n), int(to[i]))); n > to[i] {
			cut, from, until = append(cut, int64(a)), append(from, -before), append(until, -before+to[i])
		} else {
			pads[a], pads[a+x.Rank()] = before, to[i]-n-before
		}
	}
	if len(cut) > 0 {
		x = b.Op("Slice", nil, x, b.Ints(from...), b.Ints(until...), b.Ints(cut...))
	}
	if slices.ContainsFunc(pads, func(p int64) bool { return p != 0 }) {
		x = b.Op("Pad", nil, x, b.Ints(pads...))
	}
	if x == b.In(0) {
		x = b.Op("Identity", nil, x)
	}
	return x
}

// cropComputed is cropKnown with offsets computed from the sizes.
func cropComputed(b build.B, axes []int) *ir.Value {
	x, to := b.In(0), b.Cast(b.In(1), tensor.Int64)
	var sizes []*ir.Value
	all, from := make([]int64, len(axes)), make([]*ir.Value, 2*x.Rank())
	for i, a := range axes {
		all[i] = int64(a)
		sizes = append(sizes, b.Size(x, a))
	}
	if len(axes) == 0 {
		return b.Op("Identity", nil, x)
	}
	have, zero, two := b.Concat(0, sizes...), b.Ints(0), b.Ints(2)
	start := b.Div(b.Op("Max", nil, b.Sub(have, to), zero), two)
	end := b.Add(start, b.Op("Min", nil, have, to))
	more := b.Op("Max", nil, b.Sub(to, have), zero)
	before := b.Div(more, two)
	after := b.Sub(more, before)
	for i := range from {
		from[i] = zero
	}
	for i, a := range axes {
		from[a] = b.Slice(before, 0, int64(i), int64(i+1))
		from[a+x.Rank()] = b.Slice(after, 0, int64(i), int64(i+1))
	}
	y := b.Op("Slice", nil, x, start, end, b.Ints(all...))
	return b.Op("Pad", nil, y, b.Concat(0, from...))
}

// offset is how many elements come before the input in the output; negative
// where the input is cut. Of an odd difference the smaller half is at the front.
func offset(in, out int) int {
	if in > out {
		return -((in - out) / 2)
	}
	return (out - in) / 2
}

func cropAxes(n *ir.Node, rank int) ([]int, error) {
	if !n.Has("axes") {
		all := make([]int, rank)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	if _, err := kernel.AxisSet(n.Ints("axes"), rank); err != nil {
		return nil, err
	}
	var out []int
	for _, a := range n.Ints("axes") {
		i, err := kernel.Axis(a, rank)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}
