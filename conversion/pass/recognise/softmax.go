package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Softmax is the pass recognise_softmax.
var Softmax = &pass.Pass{
	Name:  "recognise_softmax",
	About: "Finds Softmax written as exponentials over their sum",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates"},
	Run:   each(softmax),
}

var softmaxForm = func() form {
	e := as("exponential", expr("Exp", or(expr("Sub", x, reduction("ReduceMax", x, "axes of maximum")), x)))
	return expr("Div", e, reduction("ReduceSum", e, "axes"))
}()

func softmax(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	m := newMatch(g)
	if n.Op != "Div" || !n.Out(0).DType.IsFloat() || !m.finds(softmaxForm, n.Out(0)) {
		return false
	}
	x := m.value["x"]
	axes := m.axes("axes", x.Rank())
	if len(axes) != 1 || m.value["axes of maximum"] != nil && !slices.Equal(axes, m.axes("axes of maximum", x.Rank())) {
		c.Miss(n, "exponentials are summed over the axes %v", axes)
		return false
	}
	if !m.closed(c, n, "Softmax") {
		return false
	}
	m.rewrite(p, n, "Softmax", ir.Attrs{"axis": int64(axes[0])}, x)
	return true
}
