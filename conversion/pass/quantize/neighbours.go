package quantize

import (
	"slices"

	"slipway/conversion/ir"
)

// between gives the inputs to quantize of an operator none of whose inputs is on
// a grid; nil where it stays in float. Where the runtime finds the outputs itself
// (Profile.hoist), an operator between integer products is worth a scale of its
// own: else the product before it writes floats, and what reads the result
// rounds it in a pass of its own. A sum of products needs one: the runtime adds
// the others while it computes them.
func (p *Plan) between(n *ir.Node, r role) []*ir.Value {
	if !p.o.Profile.hoist || !p.taken(n.Out(0)) && !p.taken(activated(n.Out(0))) {
		return nil
	}
	switch r {
	case combine:
		if n.Op != "Add" || slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return !p.gives(v, product) }) {
			return nil
		}
	case single:
		x := n.In(0)
		if a := x.Node(); a != nil && activated(a.In(0)) == x {
			x = a.In(0)
		}
		if !p.gives(x, product) && !p.gives(x, combine) {
			return nil
		}
	default:
		return nil
	}
	return n.Inputs[:1]
}

// gives reports whether v is what a quantized operator of role r gives to one
// reader alone.
func (p *Plan) gives(v *ir.Value, r role) bool {
	return v != nil && v.Node() != nil && p.roles[v.Node()] == r && p.g.SingleUse(v)
}

// activated is the output of the Relu or Clip that alone reads v; nil where there
// is none.
func activated(v *ir.Value) *ir.Value {
	if v == nil || len(v.Uses()) != 1 {
		return nil
	}
	a := v.Uses()[0].Node
	if _, _, ok := bounds(a); !ok || a.In(0) != v {
		return nil
	}
	return a.Out(0)
}

// borderCost is how much coarser a scale may be for zero to be the integer 0.
const borderCost = 1.15

// bordered are the roots of the tensors that should have zero point 0, since
// convolutions with a border read them. Who asks for a kind of activations gets
// no other.
func (p *Plan) bordered() map[*ir.Value]bool {
	m := map[*ir.Value]bool{}
	if !p.o.Profile.borders || p.o.Activation != "" && p.o.Activation != "auto" {
		return m
	}
	for n, r := range p.roles {
		if r == product && n.Op == "Conv" && isFloat(n.In(0)) && hasBorder(n) {
			m[p.root(n.In(0))] = true
		}
	}
	return m
}

func hasBorder(n *ir.Node) bool {
	return n.Str("auto_pad", "NOTSET") != "NOTSET" && n.Str("auto_pad", "") != "VALID" ||
		slices.ContainsFunc(n.Ints("pads"), func(p int64) bool { return p != 0 })
}
