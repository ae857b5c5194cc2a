package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
)

var reverseSequenceDef = &op.Def{
	Name: "ReverseSequence", Doc: "Reverses the first elements along the time axis, as many as each sample's length.", Family: family,
	Attrs:  []op.Attr{integer("batch_axis", 1), integer("time_axis", 0)},
	Inputs: op.In("input", "sequence_lens"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil {
			if _, _, err := sequenceAxes(c.Node, len(s)); err != nil {
				return err
			}
		}
		return inferSame(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		lens, err := c.Ints64(1)
		if err != nil {
			return err
		}
		batch, time, err := sequenceAxes(c.Node, x.Rank())
		if err != nil {
			return err
		}
		s := x.Shape()
		if len(lens) != s[batch] {
			return fmt.Errorf("%d lengths for a batch of %d", len(lens), s[batch])
		}
		for _, n := range lens {
			if n < 0 || n > int64(s[time]) {
				return fmt.Errorf("length %d is outside [0, %d]", n, s[time])
			}
		}
		block := kernel.Product(s[2:])
		c.Out[0], err = kernel.Take(x, s, block, func(i int) int {
			at := [2]int{i / s[1], i % s[1]}
			if n := int(lens[at[batch]]); at[time] < n {
				at[time] = n - 1 - at[time]
			}
			return (at[0]*s[1] + at[1]) * block
		})
		return err
	},
	Decompose: decomposeReverseSequence,
}

// sequenceAxes are the first two axes, in either order.
func sequenceAxes(n *ir.Node, rank int) (batch, time int, err error) {
	b, t := n.Int("batch_axis", 1), n.Int("time_axis", 0)
	if rank < 2 || b < 0 || b > 1 || t != 1-b {
		return 0, 0, fmt.Errorf("batch axis %d and time axis %d of a tensor of rank %d", b, t, rank)
	}
	return int(b), int(t), nil
}

// decomposeReverseSequence gathers, sample by sample, time step n-1-t where
// t < n and t elsewhere.
func decomposeReverseSequence(d *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: d}
	x := b.In(0)
	if x.Rank() < 2 {
		return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
	}
	batch, time, err := sequenceAxes(b.Node, x.Rank())
	if err != nil {
		return nil, err
	}
	if batch != 0 {
		perm := []int64{1, 0}
		for i := 2; i < x.Rank(); i++ {
			perm = append(perm, int64(i))
		}
		x = b.Transpose(x, perm...)
		time = 1
	}
	n := b.Unsqueeze(b.In(1), 1)
	t := b.Unsqueeze(b.Range(b.Size(x, time)), 0)
	back := b.Sub(b.Sub(n, b.Ints(1)), t)
	at := b.Op("Where", nil, b.Op("Less", nil, t, n), back, t)
	y := b.Op("GatherND", ir.Attrs{"batch_dims": int64(1)}, x, b.Unsqueeze(at, 2))
	if batch != 0 {
		y = b.Transpose(y, x.Node().Ints("perm")...)
	}
	return build.One(y)
}
