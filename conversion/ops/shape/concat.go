package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var concatDef = &op.Def{
	Name: "Concat", Doc: "Joins tensors along an axis.", Family: family,
	Attrs:  []op.Attr{{Name: "axis", Kind: op.Int, Required: true}},
	Inputs: op.Variadic("inputs"), Outputs: op.In("concatenated"),
	Infer: inferConcat,
	Eval: func(c *op.EvalCtx) error {
		first, err := c.Need(0)
		if err != nil {
			return err
		}
		axis, err := kernel.Axis(c.Int("axis", 0), first.Rank())
		if err != nil {
			return err
		}
		shape := slices.Clone(first.Shape())
		shape[axis] = 0
		for i := range c.In {
			t, err := c.Need(i)
			if err != nil {
				return err
			}
			if t.Rank() != len(shape) {
				return fmt.Errorf("input %d of shape %v does not join %v", i, t.Shape(), first.Shape())
			}
			for k, d := range t.Shape() {
				if k == axis {
					shape[k] += d
				} else if d != shape[k] {
					return fmt.Errorf("input %d of shape %v does not join %v along axis %d", i, t.Shape(), first.Shape(), axis)
				}
			}
		}
		c.Out[0], err = kernel.Concat(shape, axis, c.In...)
		return err
	},
	FromONNX: func(s *op.Src) error {
		axis := int64(1) // the default of opset 1
		if s.Version >= 4 && !s.Has("axis") {
			return fmt.Errorf("lacks required attribute axis")
		}
		return s.Lower("Concat", ir.Attrs{"axis": s.Int("axis", axis)}, s.Inputs...)
	},
}

func inferConcat(c *op.InferCtx) error {
	var out ir.Shape
	axis := 0
	d := tensor.Invalid
	sum, known := ir.Static(0), true
	for i := range c.Inputs {
		if c.In(i) == nil {
			return fmt.Errorf("input %d is missing", i)
		}
		if e := c.InType(i); d == tensor.Invalid {
			d = e
		} else if e != tensor.Invalid && e != d {
			return fmt.Errorf("element types differ: %v and %v", d, e)
		}
		s := c.InShape(i)
		if s == nil {
			known = false
			continue
		}
		if out == nil {
			a, err := kernel.Axis(c.Int("axis", 0), len(s))
			if err != nil {
				return err
			}
			out, axis = s.Clone(), a
		}
		if len(s) != len(out) {
			return fmt.Errorf("input %d of shape %v does not join %v", i, s, out)
		}
		sum = sum.Add(s[axis])
		for k, dim := range s {
			switch {
			case k == axis:
			case out[k].IsStatic() && dim.IsStatic() && !out[k].Equal(dim):
				return fmt.Errorf("input %d of shape %v does not join %v along axis %d", i, s, out, axis)
			case dim.IsStatic():
				out[k] = dim
			}
		}
	}
	if out == nil {
		c.Set(0, d, nil)
		return nil
	}
	if out[axis] = sum; !known {
		out[axis] = kernel.Fresh(c.Out(0), axis)
	}
	c.Set(0, d, out)
	if len(out) != 1 || !d.IsInt() {
		return nil
	}
	var content []ir.Dim
	for i := range c.Inputs {
		v, ok := c.Content(i)
		if !ok {
			return nil
		}
		content = append(content, v...)
	}
	c.SetContent(0, content)
	return nil
}
