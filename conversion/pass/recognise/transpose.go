package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/pass/fold"
	"slipway/conversion/tensor"
)

// Transpose is the pass recognise_transpose.
var Transpose = &pass.Pass{
	Name:  "recognise_transpose",
	About: "Finds a Transpose written as one of more or fewer axes between two Reshapes, and one behind a sum in those before it",
	After: []string{"merge_reshapes"},
	Run: each(func(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
		return transpose(g, c, p, n) || units(g, p, n) || behind(g, p, n) || through(g, p, n)
	}),
}

// units takes axes of one element out of a Transpose that stands between views.
func units(g *ir.Graph, p *ir.Patch, n *ir.Node) bool {
	perm, first := n.Ints("perm"), n.In(0).Node()
	if n.Op != "Transpose" || first == nil || !isView(first) || len(perm) != n.In(0).Rank() || g.IsOutput(n.Out(0)) {
		return false
	}
	if slices.ContainsFunc(n.Out(0).Uses(), func(u ir.Use) bool { return !isView(u.Node) || u.Index != 0 }) {
		return false
	}
	mid := n.In(0).Shape
	at := make([]int64, len(mid)) // of the axes that stay
	var small ir.Shape
	for a, d := range mid {
		at[a] = -1
		if !d.Is(1) || a == 0 && perm[0] == 0 { // a batch of one is still a batch
			at[a] = int64(len(small))
			small = append(small, d)
		}
	}
	if len(small) == len(mid) || len(small) < 2 {
		return false
	}
	var order []int64
	var moved ir.Shape
	for _, a := range perm {
		if at[a] >= 0 {
			order, moved = append(order, at[a]), append(moved, mid[a])
		}
	}
	view, ok1 := fold.Target(first.In(0).Shape, small)
	back, ok2 := fold.Target(moved, n.Out(0).Shape)
	if !ok1 || !ok2 {
		return false
	}
	y := p.Add("Reshape", nil, []*ir.Value{first.In(0), p.Const(n.Name+"_view", tensor.Of(view, len(view)))}, n)
	if !slices.IsSorted(order) {
		y = p.Add("Transpose", ir.Attrs{"perm": order}, []*ir.Value{y}, n)
	}
	p.Rewrite(n, "Reshape", nil, y, p.Const(n.Name+"_units", tensor.Of(back, len(back))))
	return true
}

var pairs = []string{"Add", "Sub", "Mul", "Div", "Min", "Max"}

// behind makes one Transpose behind an operation of two, alike, before it.
func behind(g *ir.Graph, p *ir.Patch, n *ir.Node) bool {
	if len(n.Inputs) != 2 || !slices.Contains(pairs, n.Op) {
		return false
	}
	var from []*ir.Value
	var perm []int64
	for i, v := range n.Inputs {
		t := v.Node()
		if y, to := beforeTranspose(g, p, n.In(1-i), v); y != nil {
			// A convolution's bias, which may come to be its own.
			in := []*ir.Value{y, y}
			in[1-i], in[i] = n.In(1-i).Node().In(0), y
			p.Rewrite(n, "Transpose", ir.Attrs{"perm": to}, p.Add(n.Op, n.Attrs, in, n))
			return true
		}
		if t == nil || t.Op != "Transpose" || !g.SingleUse(v) || perm != nil && !slices.Equal(perm, t.Ints("perm")) || t.Ints("perm") == nil {
			return false
		}
		perm, from = t.Ints("perm"), append(from, t.In(0))
	}
	p.Rewrite(n, "Transpose", ir.Attrs{"perm": perm}, p.Add(n.Op, n.Attrs, from, n))
	return true
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

// beforeTranspose is constant k, an operand beside x, as it stands beside what
// x's Transpose takes from a convolution; nil where x is something else.
func beforeTranspose(g *ir.Graph, p *ir.Patch, x, k *ir.Value) (*ir.Value, []int64) {
	t := x.Node()
	if !k.IsConst() || !k.DType.IsFloat() || t == nil || t.Op != "Transpose" || !g.SingleUse(x) || t.In(0).Node() == nil {
		return nil, nil
	}
	perm, conv := t.Ints("perm"), t.In(0).Node()
	if conv.Op != "Conv" && conv.Op != "ConvTranspose" || len(perm) != t.In(0).Rank() || k.Rank() > len(perm) || !g.SingleUse(t.In(0)) {
		return nil, nil
	}
	have := append(slices.Repeat([]int{1}, len(perm)-k.Rank()), k.Const.Shape()...)
	dims, wide := make([]int, len(perm)), 0
	for i, a := range perm {
		dims[a] = have[i]
		if have[i] > 1 {
			wide++
		}
	}
	if wide > 1 { // its elements would have to move
		return nil, nil
	}
	return vector(p, k.Name+"_before", k.DType, k.Const.Float64s(), dims...), perm
}

var unary = []string{"Relu", "Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Gelu", "Tanh", "LeakyRelu", "Elu", "Mish", "Softplus", "Abs", "Neg", "Sqrt", "Exp"}

// through makes an operation of one operand between two Transposes, of which the
// second undoes the first, one without them.
func through(g *ir.Graph, p *ir.Patch, n *ir.Node) bool {
	f := n.In(0).Node()
	if n.Op != "Transpose" || f == nil || !slices.Contains(unary, f.Op) || !g.SingleUse(n.In(0)) {
		return false
	}
	t := f.In(0).Node()
	if t == nil || t.Op != "Transpose" || !g.SingleUse(f.In(0)) {
		return false
	}
	a, b := t.Ints("perm"), n.Ints("perm")
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for i, k := range b {
		if a[k] != int64(i) {
			return false
		}
	}
	p.AddOrigin(n, f)
	p.Rewrite(n, f.Op, f.Attrs, t.In(0))
	return true
}
