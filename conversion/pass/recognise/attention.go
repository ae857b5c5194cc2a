package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Attention is the pass recognise_attention.
var Attention = &pass.Pass{
	Name:  "recognise_attention",
	About: "Finds scaled dot-product attention written as products, a scale, a mask and Softmax",
	After: []string{"recognise_transpose", "recognise_softmax"},
	Run:   each(attention),
}

// attention sees n as Softmax(s * Q K^T + mask) V for Q, K and V of
// [batch, heads, length, size].
func attention(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if n.Op == "MatMul" && n.Out(0).Rank() == 3 && n.Out(0).DType.IsFloat() {
		return flatAttention(g, c, p, n)
	}
	if n.Op != "MatMul" || n.Out(0).Rank() != 4 || !n.Out(0).DType.IsFloat() {
		return false
	}
	soft, v := n.In(0).Node(), n.In(1)
	if soft == nil || soft.Op != "Softmax" || v.Rank() != 4 || v.IsConst() {
		return false
	}
	if axis := soft.Int("axis", -1); axis != -1 && axis != 3 {
		c.Miss(n, "its Softmax is along axis %d, not along the keys", axis)
		return false
	}
	m := newMatch(g)
	m.nodes = []*ir.Node{n, soft}
	scores, mask := soft.In(0), (*ir.Value)(nil)
	if a := scores.Node(); a != nil && a.Op == "Add" && len(a.Inputs) == 2 {
		for i := range 2 {
			if isScores(a.In(i)) {
				scores, mask = a.In(i), a.In(1-i)
				m.nodes = append(m.nodes, a)
				break
			}
		}
	}
	scale := 1.0
	if !m.takeScale(&scores, &scale) || scores.Node() == nil || scores.Node().Op != "MatMul" {
		return false
	}
	product := scores.Node()
	m.nodes = append(m.nodes, product)
	q, kt := product.In(0), product.In(1)
	if !m.takeScale(&q, &scale) || !m.takeScale(&kt, &scale) || q.Rank() != 4 || kt.Rank() != 4 || q.IsConst() || kt.IsConst() {
		return false
	}
	// A Transpose makes the keys' last two axes change places, maybe among others.
	k, order := kt, []int64{0, 1, 3, 2}
	if t := kt.Node(); t != nil && t.Op == "Transpose" && g.SingleUse(kt) {
		perm := t.Ints("perm")
		if perm == nil {
			return false
		}
		m.nodes = append(m.nodes, t)
		k, order = t.In(0), []int64{perm[0], perm[1], perm[3], perm[2]}
		if !m.takeScale(&k, &scale) {
			return false
		}
	}
	keys := make(ir.Shape, 4)
	for i, a := range order {
		keys[i] = k.Shape[a]
	}
	if !fits(q.Shape, keys, v.Shape) || mask != nil && !maskFits(mask.Shape, scores.Shape) || mask != nil && mask.DType != q.DType {
		c.Miss(n, "queries %v, keys %v and values %v broadcast", q.Shape, keys, v.Shape)
		return false
	}
	if !finite(scale) || !m.closed(c, n, "Attention") {
		return false
	}
	if !slices.IsSorted(order) {
		k = m.add(p, n, "Transpose", ir.Attrs{"perm": order}, k)
	}
	in := []*ir.Value{q, k, v}
	if mask != nil {
		in = append(in, mask)
	}
	m.rewrite(p, n, "Attention", ir.Attrs{"scale": scale}, in...)
	return true
}

// isScores reports whether v is a product of matrices, up to a factor.
func isScores(v *ir.Value) bool {
	n := stripped(v).Node()
	return n != nil && n.Op == "MatMul"
}

// takeScale walks from v over multiplications by numbers that only the match
// reads, and gathers these in scale.
func (m *match) takeScale(v **ir.Value, scale *float64) bool {
	base := *v
	if m.g.SingleUse(base) {
		base = stripped(base)
	}
	var nodes []*ir.Node
	c, ok := polynomialOf(*v, base, &nodes)
	if !ok || !c.linear() || c[0] != 0 || c[1] == 0 {
		return false
	}
	m.nodes = append(m.nodes, nodes...)
	*v = base
	*scale *= c[1]
	return true
}

// fits reports whether nothing broadcasts.
func fits(q, k, v ir.Shape) bool {
	return q[0].Equal(k[0]) && q[0].Equal(v[0]) && q[1].Equal(k[1]) && q[1].Equal(v[1]) && q[3].Equal(k[3]) && k[2].Equal(v[2])
}

// maskFits reports whether a mask broadcasts to the scores without widening
// them.
func maskFits(mask, scores ir.Shape) bool {
	if len(mask) < 2 || len(mask) > len(scores) {
		return false
	}
	for i, d := range mask {
		if s := scores[len(scores)-len(mask)+i]; !d.Is(1) && !d.Equal(s) {
			return false
		}
	}
	return true
}
