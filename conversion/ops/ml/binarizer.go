package ml

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var binarizerDef = &op.Def{
	Name: domain + "Binarizer", Doc: "Gives 1 for elements above a threshold, else 0.", Family: family,
	Attrs:  []op.Attr{{Name: "threshold", Kind: op.Float, Default: 0.0}},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, c.InType(0), c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x == nil || !x.DType().IsReal() || x.DType() == tensor.Bool {
			return fmt.Errorf("wants numbers")
		}
		limit, v := c.Float("threshold", 0), x.Float64s()
		out := make([]float64, len(v))
		for i, f := range v {
			if f > limit {
				out[i] = 1
			}
		}
		var err error
		c.Out[0], err = tensor.FromFloat64s(x.DType(), out, x.Shape()...)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		d := b.In(0).DType
		if !d.IsFloat() {
			return nil, fmt.Errorf("Binarizer of %v: %w", d, op.ErrNoDecomposition)
		}
		above := b.Op("Greater", nil, b.In(0), b.Scalar(d, b.Float("threshold", 0)))
		return []*ir.Value{b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, above)}, nil
	},
}
