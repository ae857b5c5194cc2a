package random

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var bernoulliDef = &op.Def{
	Name: "Bernoulli", Doc: "Draws 1 with each element's probability, else 0.", Family: family, FixedType: true,
	Attrs:  []op.Attr{{Name: "dtype", Kind: op.Int}, seedAttr},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		d, err := outType(c.Node, c.InType(0), tensor.DType.IsReal)
		if err != nil {
			return err
		}
		c.Set(0, d, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x == nil || !x.DType().IsFloat() {
			return fmt.Errorf("wants probabilities")
		}
		d, err := outType(c.Node, x.DType(), tensor.DType.IsReal)
		if err != nil {
			return err
		}
		r, i, p := generator(c.Node), -1, x.Float64s()
		c.Out[0], err = draw(d, x.Shape(), func() float64 {
			if i++; r.Float64() < p[i] {
				return 1
			}
			return 0
		})
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		d, err := outType(b.Node, b.In(0).DType, tensor.DType.IsReal)
		if err != nil {
			return nil, err
		}
		attrs := ir.Attrs{}
		if b.Has("seed") {
			attrs["seed"] = b.Float("seed", 0)
		}
		hit := b.Op("Less", nil, b.Op("RandomUniformLike", attrs, b.In(0)), b.In(0))
		return []*ir.Value{b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, hit)}, nil
	},
}
