package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var compressDef = &op.Def{
	Name: "Compress", Doc: "Keeps the slices along an axis, or the elements of the flat input, whose condition holds.", Family: family,
	Attrs:  []op.Attr{{Name: "axis", Kind: op.Int}},
	Inputs: op.In("input", "condition"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		kept := kernel.Fresh(c.Out(0), 0)
		if v := c.In(1); v.IsConst() && v.Const.DType() == tensor.Bool {
			kept = ir.Static(int64(len(held(v.Const))))
		}
		if !c.Has("axis") {
			c.Set(0, c.InType(0), ir.Shape{kept})
			return nil
		}
		if s == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		axis, err := kernel.Axis(c.Int("axis", 0), len(s))
		if err != nil {
			return err
		}
		out := s.Clone()
		out[axis] = kept
		c.Set(0, c.InType(0), out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		cond, err := c.Need(1)
		if err != nil {
			return err
		}
		if cond.DType() != tensor.Bool || cond.Rank() != 1 {
			return fmt.Errorf("condition is %v%v, not a list of bool", cond.DType(), cond.Shape())
		}
		axis := 0
		if !c.Has("axis") {
			if x, err = x.Reshape(x.Len()); err != nil {
				return err
			}
		} else if axis, err = kernel.Axis(c.Int("axis", 0), x.Rank()); err != nil {
			return err
		}
		at, size := held(cond), x.Shape()[axis]
		if cond.Len() > size {
			return fmt.Errorf("condition of %d elements for a dimension of %d", cond.Len(), size)
		}
		shape := append([]int{}, x.Shape()...)
		shape[axis] = len(at)
		block := kernel.Product(shape[axis+1:])
		c.Out[0], err = kernel.Take(x, shape, block, func(i int) int {
			return (i/len(at)*size + at[i%len(at)]) * block
		})
		return err
	},
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		x, axis := b.In(0), b.Int("axis", 0)
		if !b.Has("axis") {
			x = b.Reshape(x, -1)
		}
		var at *ir.Value
		if v := b.In(1); v.IsConst() && v.Const.DType() == tensor.Bool {
			idx := []int64{}
			for _, i := range held(v.Const) {
				idx = append(idx, int64(i))
			}
			at = b.Ints(idx...)
		} else {
			at = b.Squeeze(b.Op("NonZero", nil, v), 0)
		}
		return build.One(b.Op("Gather", ir.Attrs{"axis": axis}, x, at))
	},
}

// held lists where a list of truth values holds.
func held(t *tensor.Tensor) []int {
	var at []int
	for i, v := range t.Bytes() {
		if v != 0 {
			at = append(at, i)
		}
	}
	return at
}
