package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var spaceToDepthDef = &op.Def{
	Name: "SpaceToDepth", Doc: "Moves blocks of the plane into channels: [N,C,H*b,W*b] to [N,b*b*C,H,W].", Family: family,
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
		for _, d := range s[2:] {
			if n, ok := d.Int(); ok && n%b != 0 {
				return fmt.Errorf("plane of %v is no multiple of blocksize %d", s, b)
			}
		}
		c.Set(0, c.InType(0), ir.Shape{s[0], s[1].Mul(ir.Static(b * b)), s[2].FloorDiv(b), s[3].FloorDiv(b)})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, b, err := blockArg(c)
		if err != nil {
			return err
		}
		n, ch, h, w := x.Shape()[0], x.Shape()[1], x.Shape()[2]/b, x.Shape()[3]/b
		if h*b != x.Shape()[2] || w*b != x.Shape()[3] {
			return fmt.Errorf("plane of %v is no multiple of blocksize %d", x.Shape(), b)
		}
		perm := []int{0, 3, 5, 1, 2, 4}
		if c.Str("mode", "DCR") == "CRD" {
			perm = []int{0, 1, 3, 5, 2, 4}
		}
		c.Out[0], err = viaTranspose(x, []int{n, ch, h, b, w, b}, perm, []int{n, ch * b * b, h, w})
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		v, err := staticBlock(b)
		if err != nil {
			return nil, err
		}
		k := b.Int("blocksize", 1)
		n, ch, h, w := v[0], v[1], v[2]/k, v[3]/k
		perm := []int64{0, 3, 5, 1, 2, 4}
		if b.Str("mode", "DCR") == "CRD" {
			perm = []int64{0, 1, 3, 5, 2, 4}
		}
		return moved(b, []int64{n, ch, h, k, w, k}, perm, []int64{n, ch * k * k, h, w})
	},
}
