package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/pass/fold"
	"slipway/conversion/tensor"
)

// flatAttention is attention for Q, K and V of [batch*heads, length, size], as
// exporters spell Einstein sums. The scores between the products may be seen as
// [batch, heads, length, length] again.
func flatAttention(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	m := newMatch(g)
	m.nodes = []*ir.Node{n}
	v := n.In(1)
	soft := m.throughView(n.In(0)).Node()
	if soft == nil || soft.Op != "Softmax" || v.Rank() != 3 || v.IsConst() {
		return false
	}
	four := soft.In(0).Shape
	if axis := soft.Int("axis", -1); len(four) < 3 || axis != -1 && axis != int64(len(four)-1) {
		return false
	}
	m.nodes = append(m.nodes, soft)
	scores, scale := soft.In(0), 1.0
	var mask *ir.Value
	if a := scores.Node(); a != nil && a.Op == "Add" && len(a.Inputs) == 2 {
		for i := range 2 {
			if from := m.viewed(stripped(a.In(i))).Node(); from != nil && from.Op == "MatMul" {
				scores, mask = a.In(i), a.In(1-i)
				m.nodes = append(m.nodes, a)
				break
			}
		}
	}
	if !m.takeScale(&scores, &scale) {
		return false
	}
	scores = m.throughView(scores)
	if !m.takeScale(&scores, &scale) || scores.Node() == nil || scores.Node().Op != "MatMul" || scores.Rank() != 3 {
		return false
	}
	product := scores.Node()
	m.nodes = append(m.nodes, product)
	q, kt := product.In(0), product.In(1)
	if !m.takeScale(&q, &scale) || !m.takeScale(&kt, &scale) || q.Rank() != 3 || kt.Rank() != 3 || q.IsConst() || kt.IsConst() {
		return false
	}
	// Keys that a Transpose made columns are taken before it.
	k, rows := kt, false
	if t := kt.Node(); t != nil && t.Op == "Transpose" && g.SingleUse(kt) && slices.Equal(t.Ints("perm"), []int64{0, 2, 1}) {
		m.nodes = append(m.nodes, t)
		k, rows = t.In(0), true
	}
	if len(four) == 3 {
		// One head each; a mask of its own for every example would need that axis.
		if mask != nil && mask.Rank() > 2 {
			return false
		}
		four = ir.Shape{four[0], ir.Static(1), four[1], four[2]}
	}
	apart := func(s ir.Shape) ir.Shape { return ir.Shape{four[0], four[1], s[1], s[2]} }
	qs, ks, vs := apart(q.Shape), apart(kt.Shape), apart(v.Shape)
	ks[2], ks[3] = ks[3], ks[2]
	if len(four) != 4 || !fits(qs, ks, vs) || !four[2].Equal(qs[2]) || !four[3].Equal(ks[2]) || !four[0].Mul(four[1]).Equal(q.Shape[0]) ||
		!q.Shape[0].Equal(kt.Shape[0]) || !q.Shape[0].Equal(v.Shape[0]) {
		return false
	}
	if mask != nil && (!maskFits(mask.Shape, four) || mask.DType != q.DType) {
		return false
	}
	var targets [4][]int64
	for i, from := range []struct{ a, b ir.Shape }{{q.Shape, qs}, {k.Shape, apart(k.Shape)}, {v.Shape, vs}, {ir.Shape{four[0], four[1], qs[2], vs[3]}, n.Out(0).Shape}} {
		t, ok := fold.Target(from.a, from.b)
		if !ok {
			return false
		}
		targets[i] = t
	}
	if !finite(scale) || !m.closed(c, n, "Attention") {
		return false
	}
	view := func(v *ir.Value, i int) *ir.Value {
		return m.add(p, n, "Reshape", nil, v, p.Const(n.Name+"_heads", tensor.Of(targets[i], len(targets[i]))))
	}
	keys := view(k, 1)
	if !rows {
		keys = m.add(p, n, "Transpose", ir.Attrs{"perm": []int64{0, 1, 3, 2}}, keys)
	}
	in := []*ir.Value{view(q, 0), keys, view(v, 2)}
	if mask != nil {
		in = append(in, mask)
	}
	y := m.add(p, n, "Attention", ir.Attrs{"scale": scale}, in...)
	m.rewrite(p, n, "Reshape", nil, y, p.Const(n.Name+"_joined", tensor.Of(targets[3], len(targets[3]))))
	return true
}

// viewed is what v, where it is a view that nothing else reads, shows.
func (m *match) viewed(v *ir.Value) *ir.Value {
	if n := v.Node(); n != nil && isView(n) && m.g.SingleUse(v) {
		return n.In(0)
	}
	return v
}

// throughView is viewed, and notes the view in the match.
func (m *match) throughView(v *ir.Value) *ir.Value {
	if from := m.viewed(v); from != v {
		m.nodes = append(m.nodes, v.Node())
		return from
	}
	return v
}
