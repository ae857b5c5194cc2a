package fuse

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Scale is the pass fuse_scale.
var Scale = &pass.Pass{
	Name:  "fuse_scale",
	About: "Folds multiplication and division by constants into the weights before or after them",
	// An activation written out may end in a factor that belongs to it.
	After: []string{"fold_constants", "remove_identity", "fuse_activation"},
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		return fuseAffine(g, c, map[string]bool{"Mul": true, "Div": true})
	},
}

// Bias is the pass fuse_bias.
var Bias = &pass.Pass{
	Name:  "fuse_bias",
	About: "Folds addition and subtraction of constants into the bias of the layer before them",
	After: []string{"fold_constants", "remove_identity"},
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		return fuseAffine(g, c, map[string]bool{"Add": true, "Sub": true})
	},
}

// fuseAffine folds element-wise operations with one constant operand into the
// linear operation that makes the other.
func fuseAffine(g *ir.Graph, c *pass.Ctx, ops map[string]bool) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if !ops[n.Op] || len(n.Inputs) != 2 {
			continue
		}
		k := 1 // index of the constant
		if n.In(0).IsConst() {
			k = 0
		}
		if !n.In(k).IsConst() || n.In(1-k) == nil {
			continue
		}
		l, why := producer(g, n, 1-k)
		if l == nil {
			if scaleNext(g, p, n, k) {
				c.Fire()
			} else if why != "" {
				c.Miss(n, "%s", why)
			}
			continue
		}
		if !l.n.Out(0).Shape.Equal(n.Out(0).Shape) {
			c.Miss(n, "the constant makes the result of %q larger", l.n.Name)
			continue
		}
		v, ok := perChannel(n.In(k).Const, n.Out(0).Shape, l.channels)
		if !ok {
			c.Miss(n, "the constant of shape %v differs within a channel of %q", n.In(k).Const.Shape(), l.n.Name)
			continue
		}
		scale, shift, why := affine(n.Op, k, v)
		if why == "" {
			why = l.absorb(g, p, n, scale, shift)
		}
		if why != "" {
			c.Miss(n, "%s", why)
			continue
		}
		c.Fire()
	}
	return p.Done()
}

// affine is what the operation does to its variable operand; k is the index of
// the constant.
func affine(op string, k int, v []float64) (scale, shift []float64, why string) {
	each := func(f func(float64) float64) []float64 {
		out := make([]float64, len(v))
		for i, x := range v {
			out[i] = f(x)
		}
		return out
	}
	switch {
	case op == "Mul":
		return v, nil, ""
	case op == "Div" && k == 1:
		for _, x := range v {
			if x == 0 {
				return nil, nil, "it divides by zero"
			}
		}
		return each(func(x float64) float64 { return 1 / x }), nil, ""
	case op == "Add":
		return nil, v, ""
	case op == "Sub" && k == 1:
		return nil, each(func(x float64) float64 { return -x }), ""
	case op == "Sub":
		return each(func(float64) float64 { return -1 }), v, ""
	}
	return nil, nil, "it divides a constant by the result"
}

// scaleNext folds the multiplication or division by one number into the weights
// of the only operation that reads the result. It reports whether it did.
func scaleNext(g *ir.Graph, p *ir.Patch, n *ir.Node, k int) bool {
	s, ok := n.In(k).ConstScalar()
	if !ok || n.Op != "Mul" && (n.Op != "Div" || k == 0 || s == 0) {
		return false
	}
	y, x := n.Out(0), n.In(1-k)
	if !g.SingleUse(y) || !x.Shape.Equal(y.Shape) || x.DType != y.DType {
		return false
	}
	if n.Op == "Div" {
		s = 1 / s
	}
	use := y.Uses()[0]
	switch use.Node.Op {
	case "Conv", "ConvTranspose", "Gemm", "MatMul":
	default:
		return false
	}
	w := use.Node.In(1)
	if use.Index != 0 || !w.IsConst() || !w.DType.IsFloat() || w.Const.Len() == 0 {
		return false
	}
	t, ok := mapRows(w.Const, 1, func(int) float64 { return s })
	if !ok {
		return false
	}
	p.SetInput(use.Node, 0, x)
	setConst(g, p, use.Node, 1, t, "")
	p.AddOrigin(use.Node, n)
	detach(p, n)
	return true
}
