package recognise

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Transpose is the pass recognise_transpose.
var Transpose = &pass.Pass{
	Name:  "recognise_transpose",
	About: "Finds a Transpose written as one of fewer axes between two Reshapes",
	After: []string{"merge_reshapes"},
	Run:   each(transpose),
}

// transpose sees n as the Reshape that takes apart again what another one had
// joined for the Transpose between them.
func transpose(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if n.Op != "Reshape" || n.In(0).Node() == nil || n.In(0).Node().Op != "Transpose" {
		return false
	}
	t := n.In(0).Node()
	first := t.In(0).Node()
	if first == nil || first.Op != "Reshape" || first.In(0) == nil {
		return false
	}
	x := first.In(0)
	groups, ok := joined(x.Shape, t.In(0).Shape)
	if !ok || t.Ints("perm") == nil {
		return false
	}
	var perm []int64
	var shape ir.Shape
	for _, k := range t.Ints("perm") {
		for _, a := range groups[k] {
			perm = append(perm, int64(a))
			shape = append(shape, x.Shape[a])
		}
	}
	if !shape.Equal(n.Out(0).Shape) {
		return false
	}
	m := newMatch(g)
	m.nodes = []*ir.Node{n, t, first}
	if !m.closed(c, n, "a Transpose") {
		return false
	}
	m.rewrite(p, n, "Transpose", ir.Attrs{"perm": perm}, x)
	return true
}

// joined tells which consecutive axes of in make each axis of out; false where
// an axis of out is not made of whole axes of in.
func joined(in, out ir.Shape) ([][]int, bool) {
	if in == nil || out == nil || len(out) >= len(in) {
		return nil, false
	}
	groups := make([][]int, len(out))
	i := 0
	for k, want := range out {
		size := ir.Static(1)
		for i < len(in) && (!size.Equal(want) || len(groups[k]) == 0) {
			size = size.Mul(in[i])
			groups[k] = append(groups[k], i)
			i++
		}
		if !size.Equal(want) {
			return nil, false
		}
	}
	// What is left are axes of one element.
	for ; i < len(in); i++ {
		if !in[i].Is(1) || len(out) == 0 {
			return nil, false
		}
		groups[len(out)-1] = append(groups[len(out)-1], i)
	}
	return groups, true
}
