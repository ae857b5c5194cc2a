package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var oneHotDef = &op.Def{
	Name: "OneHot", Doc: "Writes each index as a row of off values with one on value, along a new axis.", Family: family,
	Attrs:  []op.Attr{integer("axis", -1)},
	Inputs: op.In("indices", "depth", "values"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, d := c.InShape(0), c.InType(2)
		if s == nil {
			c.Set(0, d, nil)
			return nil
		}
		axis, err := kernel.Axis(c.Int("axis", -1), len(s)+1)
		if err != nil {
			return err
		}
		depth := kernel.Fresh(c.Out(0), axis)
		if v, ok := c.Content(1); ok && len(v) == 1 {
			depth = v[0]
		} else if f, ok := c.In(1).ConstScalar(); ok {
			depth = ir.Static(int64(f))
		}
		c.Set(0, d, slices.Insert(s.Clone(), axis, depth))
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		idx, err := c.Need(0)
		if err != nil {
			return err
		}
		depthT, err := c.Need(1)
		if err != nil {
			return err
		}
		values, err := c.Need(2)
		if err != nil {
			return err
		}
		if depthT.Len() != 1 || values.Len() != 2 || !depthT.DType().IsReal() || !idx.DType().IsReal() {
			return fmt.Errorf("depth has %d elements and values %d, not 1 and 2", depthT.Len(), values.Len())
		}
		axis, err := kernel.Axis(c.Int("axis", -1), idx.Rank()+1)
		if err != nil {
			return err
		}
		depth := depthT.Float64s()[0]
		if !(depth >= 0 && depth <= tensor.MaxElements) {
			return fmt.Errorf("depth %v is out of range", depth)
		}
		n := int(depth)
		shape := slices.Insert(slices.Clone(idx.Shape()), axis, n)
		if err := kernel.CheckSize(values.DType(), shape); err != nil {
			return err
		}
		inner := kernel.Product(idx.Shape()[axis:])
		at := idx.Float64s()
		c.Out[0], err = kernel.Take(values, shape, 1, func(i int) int {
			k := int(at[i/(inner*n)*inner+i%inner])
			if k < 0 {
				k += n
			}
			if k == i/inner%n {
				return 1
			}
			return 0
		})
		return err
	},
}
