package training

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// rule is one optimiser for one element: state holds what it keeps beside the
// tensor itself, grad the gradient, r the learning rate, t the number of steps
// made; it returns the new element and changes state.
type rule func(n *ir.Node, r, t, x, grad float64, state []float64) float64

// optimiser makes the Def of a rule that keeps states numbers for each element.
// Inputs are R, T, then all tensors, all gradients and all first, second …
// states; outputs are all new tensors and states in the same order.
func optimiser(name, doc string, states int, attrs []op.Attr, f rule) *op.Def {
	return &op.Def{
		Name: "ai.onnx.preview.training." + name, Doc: doc, Family: "training", Attrs: attrs,
		Inputs: append(op.In("R", "T"), op.Variadic("inputs")...), Outputs: op.Variadic("outputs"),
		Infer: func(c *op.InferCtx) error {
			n, err := tensors(len(c.Inputs), states)
			if err != nil {
				return err
			}
			for s := range states + 1 {
				for i := range n {
					from := 2 + i
					if s > 0 {
						from += (s + 1) * n
					}
					c.Set(s*n+i, c.InType(from), c.InShape(from).Clone())
				}
			}
			return nil
		},
		Eval: func(c *op.EvalCtx) error { return evalStep(c, states, f) },
		Tol:  op.Elementwise,
	}
}

// tensors is how many tensors inputs belong to.
func tensors(inputs, states int) (int, error) {
	if inputs < 2 || (inputs-2)%(states+2) != 0 {
		return 0, fmt.Errorf("%d inputs are not R, T and %d for each tensor", inputs, states+2)
	}
	return (inputs - 2) / (states + 2), nil
}

func evalStep(c *op.EvalCtx, states int, f rule) error {
	n, err := tensors(len(c.In), states)
	if err != nil {
		return err
	}
	var rt [2]float64
	for i := range rt {
		v := c.Arg(i)
		if v == nil || v.Len() != 1 || !v.DType().IsReal() {
			return fmt.Errorf("input %d is not a single number", i)
		}
		rt[i] = v.Float64s()[0]
	}
	for i := range n {
		var part [][]float64
		x := c.Arg(2 + i)
		for k := range states + 2 {
			t := c.Arg(2 + k*n + i)
			if t == nil || x == nil || !t.DType().IsFloat() || t.DType() != x.DType() || t.Len() != x.Len() {
				return fmt.Errorf("tensor %d, its gradient and its states differ in type or size", i)
			}
			part = append(part, append([]float64{}, t.Float64s()...))
		}
		state := make([]float64, states)
		for e := range part[0] {
			for s := range state {
				state[s] = part[2+s][e]
			}
			part[0][e] = f(c.Node, rt[0], rt[1], part[0][e], part[1][e], state)
			for s := range state {
				part[2+s][e] = state[s]
			}
		}
		for s := range states + 1 {
			v := part[0]
			if s > 0 {
				v = part[1+s]
			}
			if at := s*n + i; at < len(c.Out) {
				if c.Out[at], err = tensor.FromFloat64s(x.DType(), v, x.Shape()...); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func number(name string, def float64) op.Attr {
	return op.Attr{Name: name, Kind: op.Float, Default: def}
}
