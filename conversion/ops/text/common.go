package text

import (
	"fmt"

	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// words are the elements of string input i.
func words(c *op.EvalCtx, i int) (*tensor.Tensor, error) {
	t := c.Arg(i)
	if t == nil || t.DType() != tensor.String {
		return nil, fmt.Errorf("input %d holds no strings", i)
	}
	return t, nil
}

// wantWords refuses an input that is known to hold something else.
func wantWords(c *op.InferCtx, i int) error {
	if d := c.InType(i); d != tensor.Invalid && d != tensor.String {
		return fmt.Errorf("input %d holds %v, not strings", i, d)
	}
	return nil
}
