package activation

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var swiGLUDef = &op.Def{
	Name: "SwiGLU", Doc: "Multiplies a value by the Swish of a gate of the same shape.", Family: "activation",
	Attrs:  []op.Attr{real("alpha", 1)},
	Inputs: op.In("A", "B"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		if a, b := c.InShape(0), c.InShape(1); a != nil && b != nil && len(a) != len(b) {
			return fmt.Errorf("the gate is %v, the value %v", a, b)
		}
		return inferSame(c)
	},
	Eval: func(c *op.EvalCtx) error {
		gate, err := c.Need(0)
		if err != nil {
			return err
		}
		value, err := c.Need(1)
		if err != nil {
			return err
		}
		if !gate.DType().IsFloat() || gate.DType() != value.DType() || !slices.Equal(gate.Shape(), value.Shape()) {
			return fmt.Errorf("is not defined for a gate %v%v and a value %v%v", gate.DType(), gate.Shape(), value.DType(), value.Shape())
		}
		alpha, a, b := c.Float("alpha", 1), gate.Float64s(), value.Float64s()
		out := make([]float64, len(a))
		for i, x := range a {
			out[i] = x * sigmoid(alpha*x) * b[i]
		}
		c.Out[0], err = tensor.FromFloat64s(gate.DType(), out, gate.Shape()...)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		return one(b.Op("Mul", nil, b.Op("Swish", ir.Attrs{"alpha": b.Float("alpha", 1)}, b.In(0)), b.In(1)))
	},
	Tol: op.Accumulating, // the sigmoid's error times two numbers
}
