package recognise

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Swish is the pass recognise_swish.
var Swish = &pass.Pass{
	Name:  "recognise_swish",
	About: "Finds Swish (SiLU) written as x times Sigmoid of a multiple of x",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates"},
	Run:   each(swish),
}

// swish sees n as m * x * Sigmoid(alpha*x).
func swish(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if n.Op != "Mul" && n.Op != "Div" || !n.Out(0).DType.IsFloat() {
		return false
	}
	pr, ok := factorise(g, n)
	if !ok || len(pr.factors) != 2 {
		return false
	}
	for i, gate := range pr.factors {
		x, s := pr.factors[1-i], gate.Node()
		if s == nil || s.Op != "Sigmoid" || !x.Shape.Equal(n.Out(0).Shape) || x.DType != n.Out(0).DType {
			continue
		}
		m := newMatch(g)
		var nodes []*ir.Node
		arg, ok := polynomialOf(s.In(0), x, &nodes)
		if !ok || arg[0] != 0 || !arg.linear() || arg[1] == 0 {
			continue
		}
		m.nodes = append(append(append(m.nodes, pr.nodes...), s), nodes...)
		if !m.closed(c, n, "Swish") {
			return false
		}
		attrs := ir.Attrs{}
		if arg[1] != 1 {
			attrs["alpha"] = arg[1]
		}
		if pr.scale == 1 {
			m.rewrite(p, n, "Swish", attrs, x)
		} else {
			y := m.add(p, n, "Swish", attrs, x)
			m.rewrite(p, n, "Mul", nil, y, single(p, n.Name+"_behind", x.DType, pr.scale))
		}
		return true
	}
	return false
}
