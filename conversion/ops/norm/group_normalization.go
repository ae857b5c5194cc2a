package norm

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var groupNormDef = &op.Def{
	Name:    "GroupNormalization",
	Family:  "norm",
	Doc:     "Standardizes every group of channels of every sample, then scale*x + bias by channel.",
	Inputs:  op.In("X", "scale", "bias"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "epsilon", Kind: op.Float, Default: 1e-5},
		{Name: "num_groups", Kind: op.Int, Required: true},
		{Name: "stash_type", Kind: op.Int, Default: int64(1)},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		n := c.Int("num_groups", 0)
		if n < 1 {
			return fmt.Errorf("num_groups %d is not positive", n)
		}
		if s := c.InShape(0); len(s) > 1 {
			if ch, ok := s[1].Int(); ok && ch%n != 0 {
				return fmt.Errorf("%d channels do not divide into %d groups", ch, n)
			}
		}
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
		return groups(c, int(c.Int("num_groups", 0)), c.Float("epsilon", 1e-5))
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x := b.In(0)
		if x.Rank() < 3 {
			return nil, fmt.Errorf("input of rank %d: %w", x.Rank(), op.ErrNoDecomposition)
		}
		shape := b.Op("Shape", nil, x)
		groups := b.Int("num_groups", 1)
		// 0 keeps the batch, -1 takes all of a group.
		flat := b.Op("Reshape", nil, x, b.Ints(0, groups, -1))
		ones, zeros := make([]float64, groups), make([]float64, groups)
		for i := range ones {
			ones[i] = 1
		}
		scale, err := tensor.FromFloat64s(x.DType, ones, len(ones))
		if err != nil {
			return nil, err
		}
		bias, err := tensor.FromFloat64s(x.DType, zeros, len(zeros))
		if err != nil {
			return nil, err
		}
		flat = b.Op("InstanceNormalization", ir.Attrs{"epsilon": b.Float("epsilon", 1e-5)}, flat, b.Const(scale), b.Const(bias))
		y := b.Op("Reshape", nil, flat, shape)
		y = b.Op("Mul", nil, y, channelView(b, b.In(1), x.Rank()))
		return []*ir.Value{b.Op("Add", nil, y, channelView(b, b.In(2), x.Rank()))}, nil
	},
	// Opset 18 has one scale and bias a group; from 21 on there is one a channel.
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("epsilon", "num_groups", "stash_type")
		if s.Version >= 21 || len(s.Inputs) != 3 || s.In(0) == nil {
			return s.Lower("GroupNormalization", attrs, s.Inputs...)
		}
		x, n := s.In(0), (&ir.Node{Attrs: attrs}).Int("num_groups", 0)
		if x.Rank() < 2 || n < 1 {
			return fmt.Errorf("input %v with num_groups %d: the channels must be known", x.Shape, n)
		}
		ch, ok := x.Shape[1].Int()
		if !ok || ch%n != 0 {
			return fmt.Errorf("%v channels do not divide into %d groups", x.Shape[1], n)
		}
		in := []*ir.Value{x}
		for _, v := range s.Inputs[1:] {
			w, err := repeat(s, v, n, ch/n)
			if err != nil {
				return err
			}
			in = append(in, w)
		}
		return s.Lower("GroupNormalization", attrs, in...)
	},
}

// repeat gives every element of the vector v, of n elements, times copies.
func repeat(s *op.Src, v *ir.Value, n, times int64) (*ir.Value, error) {
	if v == nil {
		return nil, fmt.Errorf("lacks scale or bias")
	}
	if v.IsConst() && v.DType.IsFloat() {
		var out []float64
		for _, x := range v.Const.Float64s() {
			for range times {
				out = append(out, x)
			}
		}
		t, err := tensor.FromFloat64s(v.DType, out, len(out))
		if err != nil {
			return nil, err
		}
		return s.Const(t), nil
	}
	column, err := s.Emit("Reshape", nil, 1, v, s.IntsConst([]int64{n, 1}))
	if err != nil {
		return nil, err
	}
	wide, err := s.Emit("Expand", nil, 1, column.Outputs[0], s.IntsConst([]int64{n, times}))
	if err != nil {
		return nil, err
	}
	flat, err := s.Emit("Reshape", nil, 1, wide.Outputs[0], s.IntsConst([]int64{n * times}))
	if err != nil {
		return nil, err
	}
	return flat.Outputs[0], nil
}
