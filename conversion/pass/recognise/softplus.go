package recognise

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Softplus is the pass recognise_softplus.
var Softplus = &pass.Pass{
	Name:  "recognise_softplus",
	About: "Finds Softplus written as log(1 + exp(x)), and Mish as x*tanh(softplus(x))",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates"},
	Run:   each(softplus),
}

var (
	// Above 15 Softplus is x to 7 digits, and exporters say so with a Where.
	bounded      = expr("Where", or(expr("Greater", bind("multiple"), scalar("bound")), expr("GreaterOrEqual", bind("multiple"), scalar("bound"))), x, as("inner", or(softplusOf(bind("multiple")), expr("Div", softplusOf(bind("multiple")), scalar("beta")), swap("Mul", softplusOf(bind("multiple")), scalar("share")))))
	softplusForm = softplusOf(x)
	mishForm     = swap("Mul", x, expr("Tanh", softplusForm))
)

func softplusOf(f form) form {
	return or(expr("Softplus", f), expr("Log", swap("Add", expr("Exp", f), number(1))))
}

func softplus(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	form, to := softplusForm, "Softplus"
	switch n.Op {
	case "Mul":
		form, to = mishForm, "Mish"
	case "Log":
	case "Where":
		return unbounded(g, c, p, n)
	default:
		return false
	}
	m := newMatch(g)
	if !n.Out(0).DType.IsFloat() || !m.finds(form, n.Out(0)) || !m.closed(c, n, to) {
		return false
	}
	m.rewrite(p, n, to, nil, m.value["x"])
	return true
}

// unbounded takes the Where off a Softplus(beta*x)/beta that is x for large x.
func unbounded(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	m := newMatch(g)
	if !n.Out(0).DType.IsFloat() || !m.finds(bounded, n.Out(0)) {
		return false
	}
	x, inner := m.value["x"], m.value["inner"]
	bound, _ := m.value["bound"].ConstScalar()
	beta := 1.0
	if v := m.value["beta"]; v != nil {
		beta, _ = v.ConstScalar()
	} else if v := m.value["share"]; v != nil {
		s, _ := v.ConstScalar()
		beta = 1 / s
	}
	var nodes []*ir.Node
	arg, ok := polynomialOf(m.value["multiple"], x, &nodes)
	if !ok || !arg.linear() || arg[0] != 0 || !near(arg[1], beta, x.DType) || beta <= 0 {
		return false
	}
	if bound < 15 {
		c.Miss(n, "Softplus is not a line from %v on", bound)
		return false
	}
	p.AddOrigin(inner.Node(), n)
	p.Replace(n.Out(0), inner)
	return true
}
