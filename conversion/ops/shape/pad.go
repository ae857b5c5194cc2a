package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var padDef = &op.Def{
	Name: "Pad", Doc: "Adds to (or with negative pads removes from) both ends of the axes: a constant, the edge, a reflection or a wrap.", Family: family,
	Attrs:  []op.Attr{{Name: "mode", Kind: op.Str, Default: "constant"}},
	Inputs: op.Opt(op.In("data", "pads"), "constant_value", "axes"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, d := c.InShape(0), c.InType(0)
		if s == nil {
			c.Set(0, d, nil)
			return nil
		}
		pads, ok := c.Content(1)
		var axes []int64
		if ok && c.In(3) != nil {
			axes, ok = c.Ints(3)
		}
		if !ok {
			setUnknown(c, d, len(s))
			return nil
		}
		at, err := padAxes(len(pads), axes, len(s))
		if err != nil {
			return err
		}
		out := s.Clone()
		for i, a := range at {
			out[a] = out[a].Add(pads[i]).Add(pads[len(at)+i])
			if n, ok := out[a].Int(); ok && n < 0 {
				return fmt.Errorf("pads %v make dimension %d of %v negative", ir.Shape(pads), a, s)
			}
		}
		c.Set(0, d, out)
		return nil
	},
	Eval:      evalPad,
	Decompose: cropThenPad,
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("mode")
		if s.Version >= 11 {
			return s.Lower("Pad", attrs, s.Inputs...)
		}
		name := "pads"
		if s.Version < 2 {
			name = "paddings"
		}
		pads, ok := s.Ints(name)
		if !ok {
			return fmt.Errorf("lacks required attribute %s", name)
		}
		in := []*ir.Value{s.In(0), s.IntsConst(pads), nil}
		if v := s.Float("value", 0); v != 0 {
			t, err := tensor.FromFloat64s(s.In(0).DType, []float64{v})
			if err != nil {
				return fmt.Errorf("value %v: %w", v, err)
			}
			in[2] = s.Const(t)
		}
		return s.Lower("Pad", attrs, in...)
	},
}

// padAxes resolves the axes that n pads (both ends) belong to.
func padAxes(n int, axes []int64, rank int) ([]int, error) {
	if axes == nil {
		for i := range rank {
			axes = append(axes, int64(i))
		}
	}
	if n != 2*len(axes) {
		return nil, fmt.Errorf("%d pads for %d axes", n, len(axes))
	}
	if _, err := kernel.AxisSet(axes, rank); err != nil {
		return nil, err
	}
	out := make([]int, len(axes))
	for i, a := range axes {
		out[i], _ = kernel.Axis(a, rank)
	}
	return out, nil
}

func evalPad(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	pads, err := c.Ints64(1)
	if err != nil {
		return err
	}
	var axes []int64
	if c.Arg(3) != nil {
		if axes, err = c.Ints64(3); err != nil {
			return err
		}
	}
	at, err := padAxes(len(pads), axes, x.Rank())
	if err != nil {
		return err
	}
	mode := c.Str("mode", "constant")
	fill := c.Arg(2)
	if fill == nil {
		fill = tensor.New(x.DType())
	}
	if fill.Len() != 1 || fill.DType() != x.DType() {
		return fmt.Errorf("constant_value is %v%v, not one %v", fill.DType(), fill.Shape(), x.DType())
	}
	before, after := make([]int64, x.Rank()), make([]int64, x.Rank())
	shape := slices.Clone(x.Shape())
	for i, a := range at {
		before[a], after[a] = pads[i], pads[len(at)+i]
		if max(before[a], -before[a], after[a], -after[a]) > tensor.MaxElements {
			return fmt.Errorf("pads %v are too large", pads)
		}
		shape[a] += int(before[a] + after[a])
		if shape[a] < 0 {
			return fmt.Errorf("pads %v make dimension %d of %v negative", pads, a, x.Shape())
		}
	}
	if err := kernel.CheckSize(x.DType(), shape); err != nil {
		return err
	}
	index := make([][]int, x.Rank())
	for i, d := range x.Shape() {
		if index[i], err = padIndex(mode, d, int(before[i]), shape[i]); err != nil {
			return fmt.Errorf("axis %d of %v: %w", i, x.Shape(), err)
		}
	}
	c.Out[0], err = kernel.Remap(x, index, fill)
	return err
}

// padIndex lists for every coordinate of the result the one it reads, -1 for
// the constant.
func padIndex(mode string, size, before, total int) ([]int, error) {
	out := make([]int, total)
	for i := range out {
		k := i - before
		if k >= 0 && k < size {
			out[i] = k
			continue
		}
		switch {
		case mode == "constant":
			out[i] = -1
			continue
		case size == 0:
			return nil, fmt.Errorf("mode %q cannot pad an empty dimension", mode)
		}
		switch mode {
		case "edge":
			out[i] = min(max(k, 0), size-1)
		case "reflect":
			if size > 1 {
				period := 2 * (size - 1)
				k = ((k % period) + period) % period
				out[i] = min(k, period-k)
			}
		case "wrap":
			out[i] = ((k % size) + size) % size
		default:
			return nil, fmt.Errorf("mode %q is not known", mode)
		}
	}
	return out, nil
}
