package shape

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var sliceDef = &op.Def{
	Name: "Slice", Doc: "Cuts a range with a step out of some axes.", Family: family,
	Inputs: op.Opt(op.In("data", "starts", "ends"), "axes", "steps"), Outputs: op.In("output"),
	Infer: inferSlice,
	Eval:  evalSlice,
	FromONNX: func(s *op.Src) error {
		if s.Version >= 10 {
			return s.Lower("Slice", nil, s.Inputs...)
		}
		in := []*ir.Value{s.In(0), nil, nil, nil}
		for i, name := range []string{"starts", "ends", "axes"} {
			if v, ok := s.Ints(name); ok {
				in[1+i] = s.IntsConst(v)
			} else if i < 2 {
				return fmt.Errorf("lacks required attribute %s", name)
			}
		}
		return s.Lower("Slice", nil, in...)
	},
}

// cut is the part of one axis that a Slice takes.
type cut struct{ start, step, n int }

// newCut clamps a range to an axis, as the ONNX specification of Slice says.
func newCut(start, end, step int64, size int) (cut, error) {
	n := int64(size)
	if step == 0 {
		return cut{}, fmt.Errorf("step is 0")
	}
	if step == math.MinInt64 {
		step++
	}
	lo, hi := int64(0), n
	if step < 0 {
		lo, hi = -1, n-1
	}
	clamp := func(v int64) int64 {
		if v < 0 {
			v += n
		}
		return min(max(v, lo), hi)
	}
	start = min(max(clamp(start), 0), hi)
	end = clamp(end)
	count := int64(0)
	switch {
	case step > 0 && end > start:
		count = (end-start-1)/step + 1
	case step < 0 && end < start:
		count = (start-end-1)/(-step) + 1
	}
	if count == 0 {
		start = 0
	}
	return cut{int(start), int(step), int(count)}, nil
}

func evalSlice(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	starts, err := c.Ints64(1)
	if err != nil {
		return err
	}
	ends, err := c.Ints64(2)
	if err != nil {
		return err
	}
	var axes, steps []int64
	if c.Arg(3) != nil {
		if axes, err = c.Ints64(3); err != nil {
			return err
		}
	}
	if c.Arg(4) != nil {
		if steps, err = c.Ints64(4); err != nil {
			return err
		}
	}
	at, err := sliceAxes(len(starts), len(ends), axes, steps, x.Rank())
	if err != nil {
		return err
	}
	shape, strides, base := slices.Clone(x.Shape()), kernel.Strides(x.Shape()), 0
	unit := slices.Clone(strides)
	for i, a := range at {
		step := int64(1)
		if steps != nil {
			step = steps[i]
		}
		k, err := newCut(starts[i], ends[i], step, x.Shape()[a])
		if err != nil {
			return err
		}
		base += k.start * unit[a]
		shape[a], strides[a] = k.n, k.step*unit[a]
	}
	if kernel.Product(shape) == 0 {
		base = 0
	}
	c.Out[0], err = kernel.Strided(x, base, shape, strides)
	return err
}

// sliceAxes resolves the axes of a Slice of n ranges.
func sliceAxes(n, ends int, axes, steps []int64, rank int) ([]int, error) {
	if ends != n || axes != nil && len(axes) != n || steps != nil && len(steps) != n {
		return nil, fmt.Errorf("starts, ends, axes and steps have %d, %d, %d and %d elements", n, ends, len(axes), len(steps))
	}
	if axes == nil {
		for i := range n {
			axes = append(axes, int64(i))
		}
	}
	if _, err := kernel.AxisSet(axes, rank); err != nil {
		return nil, err
	}
	out := make([]int, n)
	for i, a := range axes {
		out[i], _ = kernel.Axis(a, rank)
	}
	return out, nil
}

func inferSlice(c *op.InferCtx) error {
	s, d := c.InShape(0), c.InType(0)
	if s == nil {
		c.Set(0, d, nil)
		return nil
	}
	starts, ok := c.Content(1)
	ends, ok2 := c.Content(2)
	var axes, steps []int64
	ok3, ok4 := true, true
	if c.In(3) != nil {
		axes, ok3 = c.Ints(3)
	}
	if c.In(4) != nil {
		steps, ok4 = c.Ints(4)
	}
	if !ok3 {
		setUnknown(c, d, len(s))
		return nil
	}
	out := s.Clone()
	if !ok || !ok2 || !ok4 {
		n, known := listLength(c, 1)
		if axes != nil {
			n, known = len(axes), true
		}
		if !known {
			setUnknown(c, d, len(s))
			return nil
		}
		at, err := sliceAxes(n, n, axes, nil, len(s))
		if err != nil {
			return err
		}
		for _, a := range at {
			out[a] = kernel.Fresh(c.Out(0), a)
		}
		c.Set(0, d, out)
		return nil
	}
	at, err := sliceAxes(len(starts), len(ends), axes, steps, len(s))
	if err != nil {
		return err
	}
	for i, a := range at {
		step := int64(1)
		if steps != nil {
			step = steps[i]
		}
		if out[a], err = cutDim(s[a], starts[i], ends[i], step, kernel.Fresh(c.Out(0), a)); err != nil {
			return err
		}
	}
	c.Set(0, d, out)
	sliceContent(c, starts, ends, steps)
	return nil
}

// cutDim is the size of a range of an axis; unknown stands for a size that
// cannot be said. Sizes with symbols are taken to be at least 1, to reach every
// given start and negative end, and, as starts and ends, to lie within the axis.
func cutDim(size, start, end ir.Dim, step int64, unknown ir.Dim) (ir.Dim, error) {
	lo, okLo := start.Int()
	hi, okHi := end.Int()
	if n, ok := size.Int(); ok && okLo && okHi {
		k, err := newCut(lo, hi, step, int(n))
		return ir.Static(int64(k.n)), err
	}
	if step == 0 {
		return unknown, fmt.Errorf("step is 0")
	}
	const far = math.MaxInt32
	from, to := start, end
	switch {
	case step < 0:
		// Only the full reversal of a symbolic axis is common.
		if okLo && okHi && (lo == -1 || lo >= far) && hi < -far {
			return size.AddInt(-step - 1).FloorDiv(-step), nil
		}
		return unknown, nil
	case okLo && okHi && lo >= 0 && hi >= 0 && hi <= lo:
		return ir.Static(0), nil
	case okHi && hi >= far:
		to = size
	case okHi && hi < 0:
		to = size.AddInt(hi)
	case okHi && hi == 1 && !size.IsStatic():
	case okHi && !size.IsStatic():
		to = kernel.Min(size, end)
	case !okHi && !end.Equal(size) && !end.Counts():
		return unknown, nil
	}
	switch {
	case okLo && lo < 0:
		if -lo >= far {
			from = ir.Static(0)
		} else {
			from = size.AddInt(lo)
		}
	case !okLo && !start.Counts():
		return unknown, nil
	}
	n := to.Sub(from)
	if k, ok := n.Int(); ok && k < 0 {
		return ir.Static(0), nil
	}
	return n.AddInt(step - 1).FloorDiv(step), nil
}

func sliceContent(c *op.InferCtx, starts, ends []ir.Dim, steps []int64) {
	v, ok := c.Content(0)
	if !ok || len(c.InShape(0)) != 1 || len(starts) != 1 || !c.InType(0).IsInt() {
		return
	}
	lo, ok1 := starts[0].Int()
	hi, ok2 := ends[0].Int()
	if !ok1 || !ok2 {
		return
	}
	step := int64(1)
	if steps != nil {
		step = steps[0]
	}
	k, err := newCut(lo, hi, step, len(v))
	if err != nil {
		return
	}
	out := []ir.Dim{}
	for i := range k.n {
		out = append(out, v[k.start+i*k.step])
	}
	c.SetContent(0, out)
}
