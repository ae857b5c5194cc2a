package attention

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
)

var rotaryEmbeddingDef = &op.Def{
	Name: "RotaryEmbedding", Family: "attention",
	Doc:     "Turns pairs of each head's elements by angles that depend on the position.",
	Inputs:  op.Opt(op.In("X", "cos_cache", "sin_cache"), "position_ids"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "interleaved", Kind: op.Int, Default: int64(0)},
		{Name: "num_heads", Kind: op.Int},
		{Name: "rotary_embedding_dim", Kind: op.Int, Default: int64(0)},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s != nil {
			if _, _, err := rotary(c.Node); err != nil {
				return err
			}
		}
		caches := 3
		if c.In(3) != nil {
			caches = 2
		}
		for i := 1; i <= 2; i++ {
			if t := c.InShape(i); t != nil && len(t) != caches {
				return fmt.Errorf("cache %v has not %d dimensions", t, caches)
			}
		}
		if p := c.InShape(3); p != nil && len(p) != 2 {
			return fmt.Errorf("position_ids %v have not two dimensions", p)
		}
		c.Set(0, c.InType(0), s.Clone())
		return nil
	},
	Eval:      op.EvalDecomposed,
	Decompose: decomposeRotary,
}

// rotary is the size of a head and how much of it is turned; a size of -1 is
// unknown.
func rotary(n *ir.Node) (size, turned int64, err error) {
	s := n.In(0).Shape
	heads := n.Int("num_heads", 0)
	size = -1
	switch len(s) {
	case 4:
		if v, ok := s[3].Int(); ok {
			size = v
		}
	case 3:
		if heads < 1 || heads > 1<<20 {
			return 0, 0, fmt.Errorf("an input of three dimensions needs num_heads, which is %d", heads)
		}
		d, err := share(s[2], heads)
		if err != nil {
			return 0, 0, err
		}
		if v, ok := d.Int(); ok {
			size = v
		}
	default:
		return 0, 0, fmt.Errorf("input %v has neither three nor four dimensions", s)
	}
	if turned = n.Int("rotary_embedding_dim", 0); turned == 0 {
		turned = size
	}
	if turned < -1 || turned > 1<<30 || size >= 0 && (turned > size || turned%2 != 0) {
		return 0, 0, fmt.Errorf("rotary_embedding_dim %d does not fit heads of size %d", turned, size)
	}
	return size, turned, nil
}

func decomposeRotary(o *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: o}
	if b.In(0).Shape == nil {
		return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
	}
	size, turned, err := rotary(b.Node)
	if err != nil {
		return nil, err
	}
	if size < 0 || turned < 0 {
		return nil, fmt.Errorf("heads of unknown size: %w", op.ErrNoDecomposition)
	}
	x := b.In(0)
	flat := x.Rank() == 3
	if flat {
		x = b.Reshape(x, 0, 0, b.Int("num_heads", 0), size)
	}
	cos, sin := b.In(1), b.In(2)
	if p := b.In(3); p != nil {
		cos = b.Op("Gather", ir.Attrs{"axis": int64(0)}, cos, p)
		sin = b.Op("Gather", ir.Attrs{"axis": int64(0)}, sin, p)
	}
	heads := int64(1) // the axis of heads in x
	if flat {
		heads = 2
	}
	y := Turn(b, x, b.Unsqueeze(cos, heads), b.Unsqueeze(sin, heads), size, turned, b.Int("interleaved", 0) != 0)
	if flat {
		y = b.Reshape(y, 0, 0, -1)
	}
	return build.One(y)
}

// Turn rotates the first turned of size elements along the last of x's four
// axes; cos and sin, of half as many elements, broadcast to x.
func Turn(b build.B, x, cos, sin *ir.Value, size, turned int64, interleaved bool) *ir.Value {
	part, rest := x, (*ir.Value)(nil)
	if turned < size {
		part, rest = b.Slice(x, 3, 0, turned), b.Slice(x, 3, turned, size)
	}
	var re, im *ir.Value
	if interleaved {
		step := b.Ints(2)
		re = b.Op("Slice", nil, part, b.Ints(0), b.Ints(turned), b.Ints(3), step)
		im = b.Op("Slice", nil, part, b.Ints(1), b.Ints(turned), b.Ints(3), step)
	} else {
		re, im = b.Slice(part, 3, 0, turned/2), b.Slice(part, 3, turned/2, turned)
	}
	real := b.Sub(b.Mul(cos, re), b.Mul(sin, im))
	imag := b.Add(b.Mul(sin, re), b.Mul(cos, im))
	var y *ir.Value
	if interleaved {
		y = b.Concat(-1, b.Unsqueeze(real, 4), b.Unsqueeze(imag, 4))
		y = b.Reshape(y, 0, 0, 0, turned)
	} else {
		y = b.Concat(-1, real, imag)
	}
	if rest != nil {
		y = b.Concat(-1, y, rest)
	}
	return y
}
