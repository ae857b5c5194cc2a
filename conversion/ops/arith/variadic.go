package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// evalChain folds all inputs from the left. Narrow floating-point types are
// accumulated in f32 and rounded once.
func evalChain(c *op.EvalCtx, r *numeric) error {
	acc, err := c.Need(0)
	if err != nil {
		return err
	}
	d := acc.DType()
	narrow := d.IsFloat() && d.Bits() < 32
	widen := func(t *tensor.Tensor) (*tensor.Tensor, error) {
		if narrow {
			return t.Cast(tensor.Float32)
		}
		return t, nil
	}
	if acc, err = widen(acc); err != nil {
		return err
	}
	for i := 1; i < len(c.In); i++ {
		t := c.Arg(i)
		if t == nil {
			return fmt.Errorf("input %d is missing", i)
		}
		if t.DType() != d {
			return fmt.Errorf("element types differ: %v and %v", d, t.DType())
		}
		if t, err = widen(t); err != nil {
			return err
		}
		if acc, err = applyNumeric(acc, t, r); err != nil {
			return err
		}
	}
	c.Out[0], err = acc.Cast(d)
	return err
}

// variadic makes the Def of an operator over one or more inputs. chain is the
// binary operator that decomposition chains; one input decomposes to Identity.
func variadic(name, doc string, r *numeric, chain string, content func(a, b ir.Dim) (ir.Dim, bool)) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "arith",
		Inputs: op.Variadic("data"), Outputs: op.In("result"),
		Infer: func(c *op.InferCtx) error {
			if err := inferBroadcast(c, tensor.Invalid); err != nil {
				return err
			}
			if content != nil {
				foldContent(c, content)
			}
			return nil
		},
		Eval: func(c *op.EvalCtx) error { return evalChain(c, r) },
		Decompose: func(b *op.Builder) ([]*ir.Value, error) {
			if len(b.Inputs) == 2 && chain == name {
				return nil, fmt.Errorf("%s of two inputs: %w", name, op.ErrNoDecomposition)
			}
			return []*ir.Value{chained(b, chain)}, nil
		},
		Harmless: []string{"consumed_inputs"},
		Tol:      op.Elementwise,
	}
}

// chained builds ((in0 op in1) op in2) …
func chained(b *op.Builder, chain string) *ir.Value {
	if len(b.Inputs) == 1 {
		return b.Op("Identity", nil, b.In(0))
	}
	acc := b.In(0)
	for _, v := range b.Inputs[1:] {
		acc = b.Op(chain, nil, acc, v)
	}
	return acc
}
