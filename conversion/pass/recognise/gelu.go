package recognise

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Gelu is the pass recognise_gelu.
var Gelu = &pass.Pass{
	Name:  "recognise_gelu",
	About: "Finds Gelu written out with Erf or with Tanh, also with factors before and behind it",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates"},
	Run:   each(gelu),
}

// The constants of Hendrycks and Gimpel, "Gaussian Error Linear Units".
var (
	geluScale = math.Sqrt(2 / math.Pi)
	geluCubic = 0.044715
)

// gelu sees n as m * Gelu(k*x): half of k*x times 1 + Erf(k*x/sqrt(2)), or
// 1 + Tanh(sqrt(2/pi)*(k*x + 0.044715*(k*x)^3)).
func gelu(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if n.Op != "Mul" && n.Op != "Div" || !n.Out(0).DType.IsFloat() {
		return false
	}
	pr, ok := factorise(g, n)
	if !ok || len(pr.factors) != 2 {
		return false
	}
	for i, gate := range pr.factors {
		x := pr.factors[1-i]
		m := newMatch(g)
		m.nodes = append(m.nodes, pr.nodes...)
		weight, inner, ok := onePlus(m, gate)
		if !ok {
			continue
		}
		// The factor may itself be a multiple of what the curve is taken of.
		for _, base := range []*ir.Value{x, stripped(x)} {
			var nodes []*ir.Node
			arg, ok := polynomialOf(inner.In(0), base, &nodes)
			before := polynomial{0, 1}
			if ok && base != x {
				before, ok = polynomialOf(x, base, &nodes)
			}
			if !ok || !arg.odd() || !base.Shape.Equal(n.Out(0).Shape) || base.DType != n.Out(0).DType {
				continue
			}
			k, approximate := arg[1]*math.Sqrt2, "none"
			if inner.Op == "Tanh" {
				k, approximate = arg[1]/geluScale, "tanh"
			}
			d := base.DType
			if cube := k * k * k * geluScale * geluCubic; k == 0 || approximate == "none" && arg[3] != 0 || approximate == "tanh" && math.Abs(arg[3]-cube) > 1e-4*math.Abs(cube) {
				c.Miss(n, "its constants are not those of Gelu")
				return false
			}
			m.nodes = append(m.nodes, nodes...)
			if !m.closed(c, n, "Gelu") {
				return false
			}
			rest := pr.scale * weight * before[1] / (0.5 * k)
			if !finite(rest) || rest == 0 {
				return false
			}
			// Exporters and authors write the root of 2 with as few as five digits.
			if math.Abs(k-1) > 2e-5 {
				base = m.add(p, n, "Mul", nil, base, single(p, n.Name+"_before", d, k))
			}
			attrs := ir.Attrs{"approximate": approximate}
			if math.Abs(rest-1) <= 2e-5 {
				m.rewrite(p, n, "Gelu", attrs, base)
			} else {
				y := m.add(p, n, "Gelu", attrs, base)
				m.rewrite(p, n, "Mul", nil, y, single(p, n.Name+"_behind", d, rest))
			}
			return true
		}
	}
	return false
}

// onePlus sees v as w*(1 + f(z)), f being Erf or Tanh, and returns w and f's
// node.
func onePlus(m *match, v *ir.Value) (w float64, inner *ir.Node, ok bool) {
	n := v.Node()
	if n == nil || n.Op != "Add" || len(n.Inputs) != 2 {
		return 0, nil, false
	}
	for i := range 2 {
		one, isNumber := n.In(i).ConstScalar()
		if !isNumber || one == 0 {
			continue
		}
		curve := n.In(1 - i)
		base := stripped(curve)
		f := base.Node()
		if f == nil || f.Op != "Erf" && f.Op != "Tanh" {
			continue
		}
		var nodes []*ir.Node
		c, ok := polynomialOf(curve, base, &nodes)
		if ok && near(c[1], one, v.DType) {
			m.nodes = append(append(m.nodes, n, f), nodes...)
			return one, f, true
		}
	}
	return 0, nil, false
}
