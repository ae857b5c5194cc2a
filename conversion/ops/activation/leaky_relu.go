package activation

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var leakyReluDef = &op.Def{
	Name: "LeakyRelu", Doc: "Multiplies negative elements by alpha.", Family: "activation",
	Attrs:  []op.Attr{real("alpha", 0.01)},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: inferSame,
	Eval: func(c *op.EvalCtx) error {
		t, err := c.Need(0)
		if err != nil {
			return err
		}
		if !t.DType().IsFloat() {
			return fmt.Errorf("is not defined for %v", t.DType())
		}
		a := c.Float("alpha", 0.01)
		a32 := float32(a)
		c.Out[0], err = kernel.MapFloat(t,
			func(x float32) float32 {
				if x < 0 {
					return a32 * x
				}
				return x
			},
			func(x float64) float64 {
				if x < 0 {
					return a * x
				}
				return x
			})
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		return one(b.Op("PRelu", nil, x, b.Scalar(x.DType, b.Float("alpha", 0.01))))
	},
	Harmless: []string{"consumed_inputs"},
	Tol:      op.Elementwise,
}
