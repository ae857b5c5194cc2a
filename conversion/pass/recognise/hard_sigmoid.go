package recognise

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// HardSigmoid is the pass recognise_hard_sigmoid.
var HardSigmoid = &pass.Pass{
	Name:  "recognise_hard_sigmoid",
	About: "Finds HardSigmoid written as a clipped line, such as relu6(x+3)/6",
	After: []string{"fuse_activation"}, // which makes bounds Clip
	Run:   each(hardSigmoid),
}

// hardSigmoid sees n as s * Clip(a*x + b, 0, 1/s).
func hardSigmoid(g *ir.Graph, _ *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if !n.Out(0).DType.IsFloat() {
		return false
	}
	m := newMatch(g)
	m.nodes = append(m.nodes, n)
	clip := n.Out(0)
	if n.Op == "Mul" || n.Op == "Div" {
		clip = stripped(clip)
	}
	k := clip.Node()
	if k == nil || k.Op != "Clip" || k.In(1) == nil || k.In(2) == nil {
		return false
	}
	outer, ok := polynomialOf(n.Out(0), clip, &m.nodes)
	lo, ok1 := k.In(1).ConstScalar()
	hi, ok2 := k.In(2).ConstScalar()
	d := clip.DType
	if !ok || !ok1 || !ok2 || lo != 0 || !near(hi*outer[1], 1, d) {
		return false
	}
	sum := k.In(0).Node()
	if sum == nil || sum.Op != "Add" && sum.Op != "Sub" || len(sum.Inputs) != 2 {
		return false
	}
	x := sum.In(0)
	if x.IsConst() {
		x = sum.In(1)
	}
	x = stripped(x)
	line, ok := polynomialOf(k.In(0), x, &m.nodes)
	alpha, beta := line[1]*outer[1], line[0]*outer[1]
	if !ok || !line.linear() || alpha <= 0 || beta <= 0 || beta >= 1 || !x.Shape.Equal(n.Out(0).Shape) {
		return false
	}
	if m.nodes = append(m.nodes, k); m.outside(n) != "" {
		return false
	}
	// What exporters round to the type is the fraction that they mean.
	if s := 1.0 / 6; near(alpha, s, d) {
		alpha = s
	}
	if math.Abs(beta-0.5) < 1e-6 {
		beta = 0.5
	}
	m.rewrite(p, n, "HardSigmoid", ir.Attrs{"alpha": alpha, "beta": beta}, x)
	return true
}
