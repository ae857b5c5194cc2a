package fuse

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Activation is the pass fuse_activation.
var Activation = &pass.Pass{
	Name:  "fuse_activation",
	About: "Recognises activations written out in simpler operations: bounds as Clip, x*relu6(x+3)/6 as HardSwish",
	After: []string{"fold_constants", "remove_identity"},
	Run:   fuseActivation,
}

func fuseActivation(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		switch n.Op {
		case "Max", "Min", "Clip", "Relu":
			if clip(g, p, n) {
				c.Fire()
			}
		case "Mul", "Div":
			if hardSwish(g, p, n) {
				c.Fire()
			}
		}
	}
	return p.Done()
}

// bounds sees a node as a clamp of x: Relu, Clip, or Max or Min with a scalar.
func bounds(n *ir.Node) (x *ir.Value, lo, hi float64, ok bool) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if n == nil || n.Out(0) == nil || !n.Out(0).DType.IsFloat() {
		return nil, lo, hi, false
	}
	switch n.Op {
	case "Relu":
		return n.In(0), 0, hi, n.In(0) != nil
	case "Clip":
		if v := n.In(1); v != nil {
			if lo, ok = v.ConstScalar(); !ok {
				return nil, lo, hi, false
			}
		}
		if v := n.In(2); v != nil {
			if hi, ok = v.ConstScalar(); !ok {
				return nil, lo, hi, false
			}
		}
		return n.In(0), lo, hi, n.In(0) != nil && lo <= hi
	case "Max", "Min":
		if len(n.Inputs) != 2 {
			return nil, lo, hi, false
		}
		x, k := n.In(0), n.In(1)
		if x.IsConst() {
			x, k = k, x
		}
		s, ok := k.ConstScalar()
		if !ok || x == nil || x.IsConst() || math.IsNaN(s) || !x.Shape.Equal(n.Out(0).Shape) {
			return nil, lo, hi, false
		}
		if n.Op == "Max" {
			return x, s, hi, true
		}
		return x, lo, s, true
	}
	return nil, lo, hi, false
}

// clip makes one Clip (or Relu) of a clamp and the clamps before it.
func clip(g *ir.Graph, p *ir.Patch, n *ir.Node) bool {
	x, lo, hi, ok := bounds(n)
	if !ok {
		return false
	}
	merged := false
	for g.SingleUse(x) {
		in, lo2, hi2, ok := bounds(x.Node())
		if !ok {
			break
		}
		// Clamping first to [lo2,hi2], then to [lo,hi].
		lo, hi = min(max(lo2, lo), hi), min(max(hi2, lo), hi)
		p.AddOrigin(n, x.Node())
		x, merged = in, true
	}
	if !merged && n.Op != "Max" && n.Op != "Min" {
		return false
	}
	if lo == 0 && math.IsInf(hi, 1) {
		p.Rewrite(n, "Relu", nil, x)
		return true
	}
	d := n.Out(0).DType
	in := []*ir.Value{x, scalar(p, n, d, lo)}
	if in[1] == nil && math.IsInf(hi, 1) {
		in = in[:1]
	} else {
		in = append(in, scalar(p, n, d, hi))
	}
	p.Rewrite(n, "Clip", nil, in...)
	return true
}

func scalar(p *ir.Patch, n *ir.Node, d tensor.DType, v float64) *ir.Value {
	if math.IsInf(v, 0) {
		return nil
	}
	t, err := tensor.FromFloat64s(d, []float64{v})
	if err != nil {
		p.Fail(err)
		return nil
	}
	return p.Const(n.Name+"_bound", t)
}

// hardSwish recognises, ending at n: x*HardSigmoid(x, 1/6, 1/2); and x, c =
// clip(x+3, 0, 6) and 1/6 multiplied in any order, the sixth also as a division.
func hardSwish(g *ir.Graph, p *ir.Patch, n *ir.Node) bool {
	var factors []*ir.Value
	var inner []*ir.Node
	scale := 1.0
	if !factorise(g, n, &factors, &inner, &scale, 0) || len(factors) != 2 {
		return false
	}
	for i := range factors {
		x, gate := factors[i], factors[1-i]
		a := gate.Node()
		if a == nil || !x.DType.IsFloat() || !x.Shape.Equal(n.Out(0).Shape) {
			continue
		}
		if a.Op == "HardSigmoid" && a.In(0) == x && near(scale, 1) && near(a.Float("alpha", 0.2), 1.0/6) && near(a.Float("beta", 0.5), 0.5) {
			finish(g, p, n, x, append(inner, a))
			return true
		}
		in, lo, hi, ok := bounds(a)
		if !ok || lo != 0 || !near(hi, 6) || !near(scale, 1.0/6) {
			continue
		}
		add := in.Node()
		if add == nil || add.Op != "Add" || len(add.Inputs) != 2 {
			continue
		}
		for j := range 2 {
			if s, ok := add.In(1 - j).ConstScalar(); ok && add.In(j) == x && near(s, 3) {
				finish(g, p, n, x, append(inner, a, add))
				return true
			}
		}
	}
	return false
}

func finish(g *ir.Graph, p *ir.Patch, n *ir.Node, x *ir.Value, from []*ir.Node) {
	p.Rewrite(n, "HardSwish", nil, x)
	p.AddOrigin(n, from...)
	for _, f := range from {
		if y := f.Out(0); len(y.Uses()) == 0 && !g.IsOutput(y) {
			detach(p, f)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(1, math.Abs(b)) }

// factorise takes a product apart: variable factors and the product of the
// constant ones. Inner products must have no other reader.
func factorise(g *ir.Graph, n *ir.Node, factors *[]*ir.Value, inner *[]*ir.Node, scale *float64, depth int) bool {
	if len(n.Inputs) != 2 || depth > 2 {
		return false
	}
	for i, v := range n.Inputs {
		if v == nil {
			return false
		}
		if v.IsConst() {
			s, ok := v.ConstScalar()
			if !ok || s == 0 || n.Op == "Div" && i == 0 {
				return false
			}
			if n.Op == "Div" {
				s = 1 / s
			}
			*scale *= s
			continue
		}
		if n.Op == "Div" && i == 1 {
			return false
		}
		if m := v.Node(); m != nil && (m.Op == "Mul" || m.Op == "Div") && g.SingleUse(v) {
			before, k, s := len(*factors), len(*inner), *scale
			*inner = append(*inner, m)
			if factorise(g, m, factors, inner, scale, depth+1) {
				continue
			}
			*factors, *inner, *scale = (*factors)[:before], (*inner)[:k], s
		}
		*factors = append(*factors, v)
	}
	return len(*factors) <= 2
}
