package ml

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var scalerDef = &op.Def{
	Name: domain + "Scaler", Doc: "Subtracts an offset and multiplies by a scale, each one number or one for each column.", Family: family,
	Attrs:  []op.Attr{{Name: "offset", Kind: op.Floats}, {Name: "scale", Kind: op.Floats}},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, tensor.Float32, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x == nil || !x.DType().IsReal() || x.DType() == tensor.Bool {
			return fmt.Errorf("wants numbers")
		}
		offset, scale, v := c.Floats("offset"), c.Floats("scale"), x.Float64s()
		n := 1
		if s := x.Shape(); len(s) > 0 {
			n = s[len(s)-1]
		}
		for _, l := range [][]float64{offset, scale} {
			if len(l) != 1 && len(l) != n {
				return fmt.Errorf("%d numbers for %d columns", len(l), n)
			}
		}
		out := make([]float32, len(v))
		for i, f := range v {
			k := i % n
			out[i] = float32((f - offset[min(k, len(offset)-1)]) * scale[min(k, len(scale)-1)])
		}
		c.Out[0] = tensor.Of(out, x.Shape()...)
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if x.DType != tensor.Float32 {
			x = b.Op("Cast", ir.Attrs{"to": op.ONNXType(tensor.Float32)}, x)
		}
		for _, k := range []struct{ op, attr string }{{"Sub", "offset"}, {"Mul", "scale"}} {
			v := b.Floats(k.attr)
			t, err := tensor.FromFloat64s(tensor.Float32, v, len(v))
			if err != nil {
				return nil, err
			}
			x = b.Op(k.op, nil, x, b.Const(t))
		}
		return []*ir.Value{x}, nil
	},
	Tol: op.Elementwise,
}
