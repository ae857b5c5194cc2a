package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var depthToSpaceDef = &op.Def{
	Name: "DepthToSpace", Doc: "Moves blocks of channels into the plane: [N,C*b*b,H,W] to [N,C,H*b,W*b].", Family: family,
	Attrs:  []op.Attr{{Name: "blocksize", Kind: op.Int, Required: true}, {Name: "mode", Kind: op.Str, Default: "DCR"}},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		s, b, err := blockShape(c)
		if err != nil || s == nil {
			return err
		}
		if m := c.Str("mode", "DCR"); m != "DCR" && m != "CRD" {
			return fmt.Errorf("mode %q is neither DCR nor CRD", m)
		}
		ch := s[1].FloorDiv(b * b)
		if n, ok := s[1].Int(); ok && n%(b*b) != 0 {
			return fmt.Errorf("%d channels are no multiple of blocksize %d squared", n, b)
		}
		k := ir.Static(b)
		c.Set(0, c.InType(0), ir.Shape{s[0], ch, s[2].Mul(k), s[3].Mul(k)})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, b, err := blockArg(c)
		if err != nil {
			return err
		}
		n, ch, h, w := x.Shape()[0], x.Shape()[1], x.Shape()[2], x.Shape()[3]
		if ch%(b*b) != 0 {
			return fmt.Errorf("%d channels are no multiple of blocksize %d squared", ch, b)
		}
		k := ch / (b * b)
		c.Out[0], err = viaTranspose(x, []int{n, b, b, k, h, w}, []int{0, 3, 4, 1, 5, 2}, []int{n, k, h * b, w * b})
		if c.Str("mode", "DCR") == "CRD" {
			c.Out[0], err = viaTranspose(x, []int{n, k, b, b, h, w}, []int{0, 1, 4, 2, 5, 3}, []int{n, k, h * b, w * b})
		}
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		v, err := staticBlock(b)
		if err != nil {
			return nil, err
		}
		k := b.Int("blocksize", 1)
		n, ch, h, w := v[0], v[1]/(k*k), v[2], v[3]
		if b.Str("mode", "DCR") == "CRD" {
			return moved(b, []int64{n, ch, k, k, h, w}, []int64{0, 1, 4, 2, 5, 3}, []int64{n, ch, h * k, w * k})
		}
		return moved(b, []int64{n, k, k, ch, h, w}, []int64{0, 3, 4, 1, 5, 2}, []int64{n, ch, h * k, w * k})
	},
}

// blockShape returns the [N,C,H,W] input shape and the block size; where the
// shape is not known it types the output and returns nil.
func blockShape(c *op.InferCtx) (ir.Shape, int64, error) {
	b := c.Int("blocksize", 0)
	if b < 1 || b > 1<<15 {
		return nil, 0, fmt.Errorf("blocksize %d is out of range", b)
	}
	s := c.InShape(0)
	if s == nil {
		setUnknown(c, c.InType(0), 4)
		return nil, b, nil
	}
	if len(s) != 4 {
		return nil, 0, fmt.Errorf("needs 4 dimensions, has %v", s)
	}
	return s, b, nil
}

func blockArg(c *op.EvalCtx) (*tensor.Tensor, int, error) {
	x, err := c.Need(0)
	if err != nil {
		return nil, 0, err
	}
	b := c.Int("blocksize", 0)
	if b < 1 || b > 1<<15 {
		return nil, 0, fmt.Errorf("blocksize %d is out of range", b)
	}
	if x.Rank() != 4 {
		return nil, 0, fmt.Errorf("needs 4 dimensions, has %v", x.Shape())
	}
	return x, int(b), nil
}

// viaTranspose reads x as split, permutes it and gives the result shape out.
func viaTranspose(x *tensor.Tensor, split, perm, out []int) (*tensor.Tensor, error) {
	st := kernel.Strides(split)
	shape, strides := make([]int, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		shape[i], strides[i] = split[p], st[p]
	}
	y, err := kernel.Strided(x, 0, shape, strides)
	if err != nil {
		return nil, err
	}
	return y.Reshape(out...)
}

// staticBlock returns the input's sizes; only the batch may be a symbol, which
// becomes -1.
func staticBlock(b *op.Builder) ([4]int64, error) {
	var v [4]int64
	s := b.In(0).Shape
	if len(s) != 4 {
		return v, fmt.Errorf("%s of %v: %w", b.Node.Op, s, op.ErrNoDecomposition)
	}
	for i, d := range s {
		n, ok := d.Int()
		if !ok {
			if i > 0 {
				return v, fmt.Errorf("%s of %v: %w", b.Node.Op, s, op.ErrNoDecomposition)
			}
			n = -1
		}
		v[i] = n
	}
	return v, nil
}

// moved spells a movement of blocks as Reshape, Transpose, Reshape.
func moved(b *op.Builder, split, perm, out []int64) ([]*ir.Value, error) {
	v := b.Op("Reshape", nil, b.In(0), b.Ints(split...))
	v = b.Op("Transpose", ir.Attrs{"perm": perm}, v)
	return one(b.Op("Reshape", nil, v, b.Ints(out...)))
}
