package recognise

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// RMSNorm is the pass recognise_rms_norm.
var RMSNorm = &pass.Pass{
	Name:  "recognise_rms_norm",
	About: "Finds RMSNormalization written out as squares, mean and root",
	After: []string{"recognise_layer_norm"}, // whose end looks alike
	Run:   each(rmsNorm),
}

var overRMS = divided(x, averaged(squareOf(x), "axes"))

func rmsNorm(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	m := newMatch(g)
	if n.Op != "Div" && n.Op != "Mul" || !n.Out(0).DType.IsFloat() || !m.finds(overRMS, n.Out(0)) {
		return false
	}
	x := m.value["x"]
	axes := m.axes("axes", x.Rank())
	from, last := trailing(axes, x.Rank())
	if !last || !x.Shape.Equal(n.Out(0).Shape) {
		c.Miss(n, "RMSNormalization over the axes %v has no operator", axes)
		return false
	}
	if !m.closed(c, n, "RMSNormalization") {
		return false
	}
	epsilon, _ := m.value["epsilon"].ConstScalar()
	a := affine{last: n, scale: m.value["scale"]}
	if a.scale == nil {
		a = m.followScale(n, x, axes)
	}
	scale, _ := m.parameters(p, a, x, axes)
	if scale == nil {
		c.Miss(n, "the sizes of the axes that RMSNormalization works on are not known")
		return false
	}
	m.rewrite(p, a.last, "RMSNormalization", ir.Attrs{"axis": int64(from), "epsilon": epsilon}, x, scale)
	return true
}

// followScale is follow for a scale alone.
func (m *match) followScale(n *ir.Node, x *ir.Value, axes []int) affine {
	a := affine{last: n}
	if y := n.Out(0); m.g.SingleUse(y) {
		u := y.Uses()[0]
		if k := u.Node.In(1 - min(u.Index, 1)); u.Node.Op == "Mul" && k.IsConst() && u.Node.Out(0).Shape.Equal(x.Shape) {
			if _, _, ok := spread(k, x.Shape, axes); ok {
				m.nodes = append(m.nodes, u.Node)
				a.last, a.scale = u.Node, k
			}
		}
	}
	return a
}
