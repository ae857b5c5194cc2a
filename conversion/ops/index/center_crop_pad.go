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
		x, err := arg(c, 0)
		if err != nil {
			return err
		}
		to, err := intArg(c, 1)
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
	// Slice, then Pad: for known sizes.
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		x := b.In(0)
		axes, err := cropAxes(b.Node, max(x.Rank(), 0))
		if err != nil {
			return nil, err
		}
		to, ok := b.In(1).ConstInts()
		if !ok || x.Rank() < 0 || len(to) != len(axes) {
			return nil, fmt.Errorf("sizes that are not constant: %w", op.ErrNoDecomposition)
		}
		pads := make([]int64, 2*x.Rank())
		var cut, from, until []int64
		for i, a := range axes {
			n, known := x.Shape[a].Int()
			if !known {
				return nil, fmt.Errorf("input %v of unknown size: %w", x.Shape, op.ErrNoDecomposition)
			}
			before := int64(offset(int(n), int(to[i])))
			if before < 0 || n > to[i] {
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
		return build.One(x)
	},
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
