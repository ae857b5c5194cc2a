package openvino

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// turnKeys moves the turn of an attention's keys behind whatever else moves them,
// where 8-bit numbers are multiplied: rows then stay whole in memory, and emit
// leaves the turn to the product (MatMul's transpose_b). The plugin's transposing
// kernel takes ten times as long for single bytes.
func turnKeys(g *ir.Graph, reg *op.Registry) error {
	p := g.Edit("openvino", reg.Infer)
	for _, n := range slices.Clone(g.Nodes) {
		if n.Op == "MatMul" && n.In(1).Rank() >= 2 && dequantized(n.In(1)) {
			turnKey(g, p, n.In(1))
		}
	}
	return p.Done()
}

func turnKey(g *ir.Graph, p *ir.Patch, b *ir.Value) {
	t, r := b.Node(), (*ir.Node)(nil)
	if t.Op == "Reshape" && g.SingleUse(b) {
		t, r = t.In(0).Node(), t
	}
	if t == nil || t.Op != "Transpose" || !g.SingleUse(t.Out(0)) {
		return
	}
	perm := slices.Clone(t.Ints("perm"))
	k := len(perm)
	if k < 3 || perm[k-2] != int64(k-1) || perm[k-1] == int64(k-2) && r == nil {
		return // the last axis does not become the one before, or that is all
	}
	var shape []int64
	if r != nil {
		if shape = keptEnd(r); shape == nil {
			return
		}
	}
	perm[k-2], perm[k-1] = perm[k-1], perm[k-2]
	x := p.Add("Transpose", ir.Attrs{"perm": perm}, []*ir.Value{t.In(0)}, t)
	if r != nil {
		x = p.Add("Reshape", nil, []*ir.Value{x, p.Const(r.Name+"_shape", tensor.Of(shape, len(shape)))}, r)
	}
	turn := make([]int64, b.Rank())
	for i := range turn {
		turn[i] = int64(i)
	}
	last := len(turn) - 1
	turn[last-1], turn[last] = turn[last], turn[last-1]
	p.Replace(b, p.Add("Transpose", ir.Attrs{"perm": turn}, []*ir.Value{x}, t))
}

// keptEnd is the shape that a Reshape asks for with the last two axes exchanged;
// nil where it does not leave these two as they are.
func keptEnd(r *ir.Node) []int64 {
	s, ok := r.In(1).ConstInts()
	in := r.In(0).Shape
	k, n := len(s), len(in)
	if !ok || k < 2 || n < 2 || slices.Contains(s, 0) {
		return nil
	}
	for i := 1; i <= 2; i++ {
		if d, known := in[n-i].Int(); !known || int64(d) != s[k-i] {
			return nil
		}
	}
	s = slices.Clone(s)
	s[k-2], s[k-1] = s[k-1], s[k-2]
	return s
}

// dequantized reports whether v is 8-bit numbers made real, moved or not.
func dequantized(v *ir.Value) bool {
	for n := v.Node(); n != nil; n = n.In(0).Node() {
		switch n.Op {
		case "DequantizeLinear":
			return n.In(0).Node() != nil
		case "Transpose", "Reshape", "Split", "Squeeze", "Unsqueeze", "Slice":
		default:
			return false
		}
	}
	return false
}

// leftToProducts reports whether n exchanges the last two axes of 8-bit numbers
// made real for products alone, which do that themselves: it is not written.
func leftToProducts(g *ir.Graph, n *ir.Node) bool {
	if n == nil || n.Op != "Transpose" || g.IsOutput(n.Out(0)) || !dequantized(n.In(0)) {
		return false
	}
	perm := n.Ints("perm")
	k := len(perm)
	if k < 2 || perm[k-2] != int64(k-1) || perm[k-1] != int64(k-2) {
		return false
	}
	for i, a := range perm[:k-2] {
		if a != int64(i) {
			return false
		}
	}
	return len(n.Out(0).Uses()) > 0 && !slices.ContainsFunc(n.Out(0).Uses(), func(u ir.Use) bool { return u.Node.Op != "MatMul" || u.Index != 1 })
}
