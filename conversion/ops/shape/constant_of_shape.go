package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var constantOfShapeDef = &op.Def{
	Name: "ConstantOfShape", Doc: "Makes a tensor of the given shape filled with one value.", Family: family,
	Attrs:  []op.Attr{{Name: "value", Kind: op.Tensor}},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		v, err := fillValue(c.Node)
		if err != nil {
			return err
		}
		to, ok := c.Content(0)
		if !ok {
			rank, known := listLength(c, 0)
			if !known {
				rank = -1
			}
			setUnknown(c, v.DType(), rank)
			return nil
		}
		out := append(ir.Shape{}, to...)
		for _, d := range out {
			if n, ok := d.Int(); ok && n < 0 {
				return fmt.Errorf("shape %v has a negative dimension", out)
			}
		}
		c.Set(0, v.DType(), out)
		n, static := ir.Dim{}, false
		if len(out) <= 1 && v.DType().IsInt() {
			n, static = out.NumElements()
		}
		if k, ok := n.Int(); static && ok && k <= 64 {
			x, err := v.Int64s()
			if err != nil {
				return err
			}
			content := make([]ir.Dim, k)
			for i := range content {
				content[i] = ir.Static(x[0])
			}
			c.SetContent(0, content)
		}
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		to, err := c.Ints64(0)
		if err != nil {
			return err
		}
		v, err := fillValue(c.Node)
		if err != nil {
			return err
		}
		shape := kernel.ToInts(to)
		if err := kernel.CheckSize(v.DType(), shape); err != nil {
			return err
		}
		if v, err = v.Reshape(); err != nil {
			return err
		}
		c.Out[0], err = kernel.Strided(v, 0, shape, make([]int, len(shape)))
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		v, err := fillValue(b.Node)
		if err != nil {
			return nil, err
		}
		if v, err = v.Reshape(); err != nil {
			return nil, err
		}
		return one(b.Op("Expand", nil, b.Const(v), b.In(0)))
	},
}

// fillValue is the attribute value: one element, a float32 zero by default.
func fillValue(n *ir.Node) (*tensor.Tensor, error) {
	v := n.Tensor("value")
	if v == nil {
		return tensor.Scalar(float32(0)), nil
	}
	if v.Len() != 1 {
		return nil, fmt.Errorf("value has shape %v, not one element", v.Shape())
	}
	return v, nil
}
