package recognise

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// L2Norm is the pass recognise_l2_norm.
var L2Norm = &pass.Pass{
	Name:  "recognise_l2_norm",
	About: "Finds LpNormalization written as a division by a norm that is kept from zero",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates", "fuse_activation"},
	Run:   each(l2Norm),
}

// mostFloor is the largest bound below a norm that counts as a guard against
// zero: what lies below it is noise in 32 bits.
const mostFloor = 1e-10

var l2Form = func() form {
	norm := or(reduction("ReduceL2", x, "axes"), expr("Sqrt", reduction("ReduceSum", squareOf(x), "axes")),
		expr("Sqrt", reduction("ReduceSumSquare", x, "axes")))
	bounded := func(m *match, v *ir.Value, rest func() bool) bool {
		if v == nil || v.Node() == nil || v.Node().Op != "Clip" || v.Node().In(1) == nil || v.Node().In(2) != nil {
			return false
		}
		return m.inputs(v.Node(), v.Node().Inputs[:2], []form{norm, scalar("floor")}, rest)
	}
	kept := or(bounded, swap("Max", norm, scalar("floor")))
	return expr("Div", x, or(kept, func(m *match, v *ir.Value, rest func() bool) bool {
		// The norm is often repeated to x's shape, which the division does by itself.
		if v == nil || v.Node() == nil || v.Node().Op != "Expand" {
			return false
		}
		return m.inputs(v.Node(), v.Node().Inputs[:1], []form{kept}, rest)
	}))
}()

func l2Norm(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	m := newMatch(g)
	if n.Op != "Div" || !n.Out(0).DType.IsFloat() || !m.finds(l2Form, n.Out(0)) {
		return false
	}
	x := m.value["x"]
	axes := m.axes("axes", x.Rank())
	floor, _ := m.value["floor"].ConstScalar()
	switch {
	case len(axes) != 1 || !x.Shape.Equal(n.Out(0).Shape):
		c.Miss(n, "the norm is over the axes %v", axes)
		return false
	case floor < 0 || floor > mostFloor || math.IsNaN(floor):
		c.Miss(n, "the norm is kept above %v", floor)
		return false
	case !m.closed(c, n, "LpNormalization"):
		return false
	}
	m.rewrite(p, n, "LpNormalization", ir.Attrs{"axis": int64(axes[0]), "p": int64(2)}, x)
	return true
}
