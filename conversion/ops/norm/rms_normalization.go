package norm

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var rmsNormDef = &op.Def{
	Name:    "RMSNormalization",
	Family:  "norm",
	Doc:     "x/sqrt(mean(x*x) + epsilon)*scale over the axes from axis on.",
	Inputs:  op.In("X", "scale"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Default: int64(-1)},
		{Name: "epsilon", Kind: op.Float, Default: 1e-5},
		{Name: "stash_type", Kind: op.Int, Default: int64(1)},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil {
			if _, err := from(c.Node, len(s)); err != nil {
				return err
			}
		}
		return sameShape(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x, scale := c.Arg(0), c.Arg(1)
		if err := floats(x, scale); err != nil {
			return err
		}
		axis, err := from(c.Node, x.Rank())
		if err != nil {
			return err
		}
		l, err := newLines(x, axis, scale, nil)
		if err != nil {
			return err
		}
		epsilon := c.Float("epsilon", 1e-5)
		l.each(func(_ int, v []float64) {
			sum := 0.0
			for _, f := range v {
				sum += f * f
			}
			r := inverseRoot(sum/float64(len(v)), epsilon)
			for i := range v {
				v[i] *= r
			}
		})
		c.Out[0], err = tensor.FromFloat64s(x.DType(), l.y, x.Shape()...)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		axes, err := lastAxes(b)
		if err != nil {
			return nil, err
		}
		x := b.In(0)
		mean := b.Op("ReduceMean", ir.Attrs{"keepdims": int64(1)}, b.Op("Pow", nil, x, b.Scalar(x.DType, 2)), axes)
		root := b.Op("Sqrt", nil, b.Op("Add", nil, mean, b.Scalar(x.DType, b.Float("epsilon", 1e-5))))
		return []*ir.Value{b.Op("Mul", nil, b.Op("Div", nil, x, root), b.In(1))}, nil
	},
}
