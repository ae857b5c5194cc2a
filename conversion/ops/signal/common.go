package signal

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// outputType is the type that attribute output_datatype names, float32 without.
func outputType(n *ir.Node) (tensor.DType, error) {
	d, err := op.FromONNXType(n.Int("output_datatype", 1))
	if err != nil {
		return d, fmt.Errorf("output_datatype: %w", err)
	}
	if !d.IsReal() || d == tensor.Bool {
		return d, fmt.Errorf("output_datatype %v is not a number", d)
	}
	return d, nil
}

// scalar is the single element of input i.
func scalar(c *op.EvalCtx, i int) (float64, error) {
	t := c.Arg(i)
	if t == nil || t.Len() != 1 || !t.DType().IsReal() {
		return 0, fmt.Errorf("input %d is not a single number", i)
	}
	return t.Float64s()[0], nil
}

// whole is the single element of integer input i.
func whole(c *op.EvalCtx, i int) (int64, error) {
	t := c.Arg(i)
	if t == nil || t.Len() != 1 || !t.DType().IsInt() {
		return 0, fmt.Errorf("input %d is not a single integer", i)
	}
	v, err := t.Int64s()
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// one is the single known element of integer input i.
func one(c *op.InferCtx, i int) (ir.Dim, bool) {
	v, ok := c.Content(i)
	if !ok || len(v) != 1 {
		return ir.Dim{}, false
	}
	return v[0], true
}

// constant is the single element of integer input i where it is known.
func constant(n *ir.Node, i int) (int64, bool) {
	v := n.In(i)
	if x, ok := v.ConstInts(); ok && len(x) == 1 {
		return x[0], true
	}
	if v != nil && len(v.Content) == 1 {
		return v.Content[0].Int()
	}
	return 0, false
}
