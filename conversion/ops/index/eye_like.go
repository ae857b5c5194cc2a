package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var eyeLikeDef = &op.Def{
	Name: "EyeLike", Doc: "Makes a matrix of its input's shape with ones on one diagonal and zeros elsewhere.", Family: family,
	Attrs:  []op.Attr{{Name: "dtype", Kind: op.Int}, integer("k", 0)},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		d, err := eyeType(c.Node, c.InType(0))
		if err != nil {
			return err
		}
		s := c.InShape(0)
		if s != nil && len(s) != 2 {
			return fmt.Errorf("input %v is no matrix", s)
		}
		c.Set(0, d, s.Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		d, err := eyeType(c.Node, x.DType())
		if err != nil {
			return err
		}
		if x.Rank() != 2 {
			return fmt.Errorf("input %v is no matrix", x.Shape())
		}
		c.Out[0], err = eye(d, x.Shape(), c.Int("k", 0))
		return err
	},
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		t, err := eyeType(b.Node, b.In(0).DType)
		if err != nil {
			return nil, err
		}
		if shape, ok := b.In(0).Shape.Ints(); ok {
			m, err := eye(t, shape, b.Int("k", 0))
			if err != nil {
				return nil, err
			}
			return build.One(b.Const(m))
		}
		rows := b.Unsqueeze(b.Range(b.Size(b.In(0), 0)), 1)
		cols := b.Unsqueeze(b.Range(b.Size(b.In(0), 1)), 0)
		on := b.Op("Equal", nil, b.Add(rows, b.Ints(b.Int("k", 0))), cols)
		return build.One(b.Cast(on, t))
	},
}

func eyeType(n *ir.Node, in tensor.DType) (tensor.DType, error) {
	if n.Has("dtype") {
		return op.FromONNXType(n.Int("dtype", 0))
	}
	return in, nil
}

func eye(d tensor.DType, shape []int, k int64) (*tensor.Tensor, error) {
	if err := kernel.CheckSize(tensor.Float64, shape); err != nil {
		return nil, err
	}
	v := make([]float64, shape[0]*shape[1])
	for i := range shape[0] {
		if j := int64(i) + k; k > -1<<40 && k < 1<<40 && j >= 0 && j < int64(shape[1]) {
			v[i*shape[1]+int(j)] = 1
		}
	}
	return tensor.FromFloat64s(d, v, shape...)
}
