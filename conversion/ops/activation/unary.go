package activation

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

func inferSame(c *op.InferCtx) error {
	c.Set(0, c.InType(0), c.InShape(0).Clone())
	return nil
}

// function makes the scalar function from the node's attributes.
type function func(n *ir.Node) func(float64) float64

// plain is a function without attributes.
func plain(f func(float64) float64) function {
	return func(*ir.Node) func(float64) float64 { return f }
}

// curve makes the Def of a floating-point function of one element.
func curve(name, doc string, attrs []op.Attr, f function, decompose func(*op.Builder) ([]*ir.Value, error)) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "activation", Attrs: attrs,
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
			g := f(c.Node)
			c.Out[0], err = kernel.MapFloat(t, func(x float32) float32 { return float32(g(float64(x))) }, g)
			return err
		},
		Decompose: decompose,
		Harmless:  []string{"consumed_inputs"},
		Tol:       op.Elementwise,
	}
}

// real declares a floating-point attribute with a default.
func real(name string, def float64) op.Attr {
	return op.Attr{Name: name, Kind: op.Float, Default: def}
}

// one wraps the single result of a decomposition.
func one(v *ir.Value) ([]*ir.Value, error) { return []*ir.Value{v}, nil }
