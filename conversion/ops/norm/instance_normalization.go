package norm

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var instanceNormDef = &op.Def{
	Name:    "InstanceNormalization",
	Family:  "norm",
	Doc:     "Standardizes every channel of every sample over its spatial axes, then scale*x + B by channel.",
	Inputs:  op.In("input", "scale", "B"),
	Outputs: op.In("output"),
	Attrs:   []op.Attr{{Name: "epsilon", Kind: op.Float, Default: 1e-5}},
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if err := wantChannels(c, 1, 2); err != nil {
			return err
		}
		return sameShape(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if err := floats(x, c.Arg(1), c.Arg(2)); err != nil {
			return err
		}
		if x.Rank() < 2 {
			return fmt.Errorf("input %v has no channel axis", x.Shape())
		}
		return groups(c, x.Shape()[1], c.Float("epsilon", 1e-5))
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if x.Rank() < 3 {
			return nil, fmt.Errorf("input of rank %d: %w", x.Rank(), op.ErrNoDecomposition)
		}
		var axes []int64
		for i := 2; i < x.Rank(); i++ {
			axes = append(axes, int64(i))
		}
		y := reduceForm(b, x, b.Float("epsilon", 1e-5), b.Ints(axes...))
		y = b.Op("Mul", nil, y, channelView(b, b.In(1), x.Rank()))
		return []*ir.Value{b.Op("Add", nil, y, channelView(b, b.In(2), x.Rank()))}, nil
	},
}

// groups standardizes x by groups of channels and applies scale and bias, which
// are inputs 1 and 2 with one element a channel.
func groups(c *op.EvalCtx, n int, epsilon float64) error {
	x := c.Arg(0)
	s := x.Shape()
	channels, inner := s[1], 1
	for _, d := range s[2:] {
		inner *= d
	}
	if n < 1 || channels%n != 0 {
		return fmt.Errorf("%d channels do not divide into %d groups", channels, n)
	}
	scale, bias := c.Arg(1).Float64s(), c.Arg(2).Float64s()
	if len(scale) != channels || len(bias) != channels {
		return fmt.Errorf("scale and bias have %d and %d elements for %d channels", len(scale), len(bias), channels)
	}
	y := clone(x)
	size := channels / n * inner
	tensor.Parallel(s[0]*n, 1+(1<<13)/max(size, 1), func(lo, hi int) {
		for g := lo; g < hi; g++ {
			part := y[g*size:][:size]
			standardize(part, epsilon)
			for i := range part {
				ch := (g%n*size + i) / inner
				part[i] = part[i]*scale[ch] + bias[ch]
			}
		}
	})
	var err error
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, s...)
	return err
}
