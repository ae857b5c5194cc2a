package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var squeezeDef = &op.Def{
	Name: "Squeeze", Doc: "Removes dimensions of size 1: the given axes, or all.", Family: family,
	Inputs: op.Opt(op.In("data"), "axes"), Outputs: op.In("squeezed"),
	Infer: func(c *op.InferCtx) error {
		s, d := c.InShape(0), c.InType(0)
		var axes []int64
		known := true
		if c.In(1) != nil {
			axes, known = c.Ints(1)
		}
		if s == nil || !known {
			rank := -1
			if n, ok := listLength(c, 1); ok && s != nil && n > 0 && n <= len(s) {
				rank = len(s) - n
			}
			setUnknown(c, d, rank)
			return nil
		}
		if len(axes) == 0 && !s.IsStatic() {
			c.Set(0, d, nil)
			return nil
		}
		set, err := squeezeSet(axes, len(s), func(i int) bool { return s[i].Is(1) })
		if err != nil {
			return err
		}
		out := ir.Shape{}
		for i, dim := range s {
			if !set[i] {
				out = append(out, dim)
			} else if dim.IsStatic() && !dim.Is(1) {
				return fmt.Errorf("axis %d of %v is not of size 1", i, s)
			}
		}
		c.Set(0, d, out)
		keepContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		var axes []int64
		if c.Arg(1) != nil {
			if axes, err = c.Ints64(1); err != nil {
				return err
			}
		}
		set, err := squeezeSet(axes, x.Rank(), func(i int) bool { return x.Shape()[i] == 1 })
		if err != nil {
			return err
		}
		out := []int{}
		for i, d := range x.Shape() {
			if !set[i] {
				out = append(out, d)
			} else if d != 1 {
				return fmt.Errorf("axis %d of %v is not of size 1", i, x.Shape())
			}
		}
		c.Out[0], err = x.Reshape(out...)
		return err
	},
	Decompose: reshapeToOutput,
	FromONNX:  axesToInput("Squeeze", 13),
}

func squeezeSet(axes []int64, rank int, isOne func(int) bool) ([]bool, error) {
	set, err := kernel.AxisSet(axes, rank)
	if err == nil && len(axes) == 0 {
		for i := range set {
			set[i] = isOne(i)
		}
	}
	return set, err
}

// reshapeToOutput rewrites a node that only changes the shape as Reshape, where
// at most one dimension of the result is not a number.
func reshapeToOutput(b *op.Builder) ([]*ir.Value, error) {
	out := b.Out(0).Shape
	to := make([]int64, len(out))
	open := 0
	for i, d := range out {
		n, ok := d.Int()
		if !ok {
			n = -1
			open++
		}
		to[i] = n
		if ok && n == 0 {
			open = 2
		}
	}
	if out == nil || open > 1 {
		return nil, fmt.Errorf("%s to %v: %w", b.Node.Op, out, op.ErrNoDecomposition)
	}
	return one(b.Op("Reshape", nil, b.In(0), b.Ints(to...)))
}
