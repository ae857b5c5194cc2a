package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var splitDef = &op.Def{
	Name: "Split", Doc: "Cuts a tensor along an axis into parts of given sizes, or of equal ones.", Family: family,
	Attrs:  []op.Attr{integer("axis", 0), {Name: "num_outputs", Kind: op.Int}},
	Inputs: op.Opt(op.In("input"), "split"), Outputs: op.Variadic("outputs"),
	Infer:    inferSplit,
	Eval:     evalSplit,
	FromONNX: splitFromONNX,
}

func splitFromONNX(s *op.Src) error {
	in := []*ir.Value{s.In(0), s.In(1)}
	attrs := s.AttrsOf("axis")
	switch {
	case s.Version >= 18:
		if n := s.Int("num_outputs", int64(s.NumOut)); n != int64(s.NumOut) {
			return fmt.Errorf("num_outputs is %d, but the node has %d outputs", n, s.NumOut)
		}
	case s.Version < 13:
		if sizes, ok := s.Ints("split"); ok {
			in[1] = s.IntsConst(sizes)
		}
	}
	if v := s.In(0); s.Version < 18 && in[1] == nil && v.Shape != nil {
		a, err := kernel.Axis(s.Int("axis", 0), len(v.Shape))
		if err != nil {
			return err
		}
		if n, ok := v.Shape[a].Int(); ok && n%int64(s.NumOut) != 0 {
			return fmt.Errorf("%d does not split into %d equal parts", n, s.NumOut)
		}
	}
	if in[1] == nil {
		attrs["num_outputs"] = int64(s.NumOut)
	}
	return s.Lower("Split", attrs, in...)
}

// equalParts are the sizes of num_outputs: the last part may be smaller.
func equalParts(size, n int64) ([]int64, error) {
	if n <= 0 {
		return nil, fmt.Errorf("cannot split into %d parts", n)
	}
	part := (size + n - 1) / n
	out := make([]int64, n)
	for i := range out {
		out[i] = max(0, min(part, size-part*int64(i)))
	}
	return out, nil
}

func inferSplit(c *op.InferCtx) error {
	s, d := c.InShape(0), c.InType(0)
	n := len(c.Outputs)
	if s == nil {
		for i := range n {
			c.Set(i, d, nil)
		}
		return nil
	}
	axis, err := kernel.Axis(c.Int("axis", 0), len(s))
	if err != nil {
		return err
	}
	parts := make([]ir.Dim, n)
	sizes, known := c.Content(1)
	size, static := s[axis].Int()
	switch {
	case known:
		if len(sizes) != n {
			return fmt.Errorf("%d sizes for %d outputs", len(sizes), n)
		}
		parts = sizes
		sum := ir.Static(0)
		for _, p := range sizes {
			sum = sum.Add(p)
		}
		if static && sum.IsStatic() && !sum.Is(size) {
			return fmt.Errorf("sizes %v do not add up to %d", ir.Shape(sizes), size)
		}
	case c.In(1) == nil && static:
		v, err := equalParts(size, int64(n))
		if err != nil {
			return err
		}
		parts = ir.Dims(v...)
	default:
		for i := range parts {
			parts[i] = kernel.Fresh(c.Out(i), axis)
			if q, ok := s[axis].Div(ir.Static(int64(n))); ok && c.In(1) == nil {
				parts[i] = q
			}
		}
	}
	content, hasContent := c.Content(0)
	at := int64(0)
	for i := range n {
		out := s.Clone()
		out[axis] = parts[i]
		c.Set(i, d, out)
		k, ok := parts[i].Int()
		if hasContent = hasContent && ok && len(s) == 1 && at+k <= int64(len(content)); hasContent && d.IsInt() {
			c.SetContent(i, content[at:at+k:at+k])
			at += k
		}
	}
	return nil
}

func evalSplit(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	axis, err := kernel.Axis(c.Int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	size := x.Shape()[axis]
	var sizes []int64
	if c.Arg(1) != nil {
		sizes, err = c.Ints64(1)
	} else {
		sizes, err = equalParts(int64(size), int64(len(c.Out)))
	}
	if err != nil {
		return err
	}
	if len(sizes) != len(c.Out) {
		return fmt.Errorf("%d sizes for %d outputs", len(sizes), len(c.Out))
	}
	at := 0
	strides := kernel.Strides(x.Shape())
	for i, n := range sizes {
		if n < 0 || n > int64(size-at) {
			return fmt.Errorf("sizes %v do not fit dimension %d", sizes, size)
		}
		shape := slices.Clone(x.Shape())
		shape[axis] = int(n)
		if c.Out[i], err = kernel.Strided(x, at*strides[axis], shape, strides); err != nil {
			return err
		}
		at += int(n)
	}
	if at != size {
		return fmt.Errorf("sizes %v do not add up to %d", sizes, size)
	}
	return nil
}
