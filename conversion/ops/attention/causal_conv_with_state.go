package attention

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
)

var causalConvDef = &op.Def{
	Name: "CausalConvWithState", Family: "attention",
	Doc:     "Convolves each channel with the present and past elements only, and hands on the last of them as state.",
	Inputs:  op.Opt(op.In("input", "weight"), "bias", "past_state"),
	Outputs: op.Opt(op.In("output"), "present_state"),
	Attrs:   []op.Attr{{Name: "activation", Kind: op.Str, Default: "none"}},
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if _, err := activated(c.Node); err != nil {
			return err
		}
		x, w := c.InShape(0), c.InShape(1)
		if x != nil && len(x) != 3 || w != nil && len(w) != 3 {
			return fmt.Errorf("input %v and weights %v have not three dimensions", x, w)
		}
		if x != nil && w != nil {
			if err := same(x[1], w[0], "channels of input and weights"); err != nil {
				return err
			}
		}
		c.Set(0, c.InType(0), x.Clone())
		state := kernel.FreshShape(c.Out(1), 3)
		if x != nil {
			state[0], state[1] = x[0], x[1]
		}
		if w != nil {
			if n, ok := w[2].Int(); ok && n < 1 {
				return fmt.Errorf("weights %v have no elements", w)
			}
			if err := same(w[1], ir.Static(1), "second size of the weights and 1"); err != nil {
				return err
			}
			state[2] = w[2].AddInt(-1)
		}
		if p := c.InShape(3); p != nil {
			if len(p) != 3 {
				return fmt.Errorf("past_state %v has not three dimensions", p)
			}
			for i := range p {
				if err := same(p[i], state[i], "sizes of past_state and present_state"); err != nil {
					return err
				}
			}
		}
		c.Set(1, c.InType(0), state)
		return nil
	},
	Eval: op.EvalDecomposed,
	Decompose: func(o *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: o}
		x, w := b.In(0), b.In(1)
		if len(x.Shape) != 3 || len(w.Shape) != 3 {
			return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
		}
		channels, ok1 := w.Shape[0].Int()
		k, ok2 := w.Shape[2].Int()
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("weights %v: %w", w.Shape, op.ErrNoDecomposition)
		}
		if past := b.In(3); past != nil {
			x = b.Concat(2, past, x)
		} else if k > 1 {
			x = b.Op("Pad", nil, x, b.Ints(0, 0, k-1, 0, 0, 0))
		}
		in := []*ir.Value{x, w}
		if bias := b.In(2); bias != nil {
			in = append(in, bias)
		}
		y := b.Op("Conv", ir.Attrs{"group": channels}, in...)
		if silu, _ := activated(b.Node); silu {
			y = b.Op("Swish", nil, y)
		}
		outs := []*ir.Value{y, nil}
		if b.Patch.Needed(b.Out(1)) {
			if k > 1 {
				outs[1] = b.Slice(x, 2, -(k - 1), 1<<40)
			} else if n, ok := x.Shape[2].Int(); ok {
				outs[1] = b.Slice(x, 2, n, n)
			} else {
				outs[1] = b.Slice(x, 2, 0, 0)
			}
		}
		return outs, nil
	},
}

func activated(n *ir.Node) (bool, error) {
	switch a := n.Str("activation", "none"); a {
	case "none":
		return false, nil
	case "silu", "swish":
		return true, nil
	default:
		return false, fmt.Errorf("activation %q is not one of none, silu, swish", a)
	}
}
