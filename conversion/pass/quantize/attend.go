package quantize

import "slipway/conversion/ir"

// paired reports whether n multiplies two computed matrices.
func paired(n *ir.Node) bool {
	return n.Op == "MatMul" && !n.In(0).IsConst() && !n.In(1).IsConst()
}

// attend finds attention that is written out, and so was not recognised: a Softmax
// of a product of computed matrices that goes into another one, with the sums and
// moves between them.
func (p *Plan) attend() {
	if !p.o.Profile.floatPairs {
		return
	}
	seen := map[*ir.Value]bool{}
	for _, n := range p.g.Nodes {
		if n.Op == "Softmax" && p.leads(n.Out(0)) && p.comes(n.In(0), seen) {
			p.weighs[n] = true
		}
	}
}

// leads reports whether a product of computed matrices reads v, at once or behind
// movers, which then weigh.
func (p *Plan) leads(v *ir.Value) bool {
	found := false
	for _, u := range v.Uses() {
		switch {
		case paired(u.Node):
			found = true
		case p.o.Profile.roles[u.Node.Op] == mover && u.Index == 0 && p.leads(u.Node.Out(0)):
			p.weighs[u.Node], found = true, true
		}
	}
	return found
}

// comes reports whether v is what a product of computed matrices gives, at once or
// with sums, scales and moves behind it, which then weigh. seen holds the answers.
func (p *Plan) comes(v *ir.Value, seen map[*ir.Value]bool) bool {
	n := v.Node()
	if n == nil {
		return false
	}
	if paired(n) {
		return true
	}
	found, known := seen[v]
	if known {
		return found
	}
	switch r := p.o.Profile.roles[n.Op]; {
	case r == mover, n.Op == "Div" && n.In(1).IsConst():
		found = p.comes(n.In(0), seen)
	case r == combine:
		for _, in := range n.Inputs {
			found = in != nil && p.comes(in, seen) || found
		}
	}
	if seen[v] = found; found {
		p.weighs[n] = true
	}
	return found
}
