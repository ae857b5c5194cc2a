package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/pass/fold"
	"slipway/conversion/tensor"
)

// Split is the pass recognise_split.
var Split = &pass.Pass{
	Name:  "recognise_split",
	About: "Finds Split written as a Reshape and a Transpose whose parts are gathered one by one, as queries, keys and values are",
	After: []string{"merge_reshapes"},
	Run:   each(split),
}

// split sees n as a Transpose that brings an axis of k parts to the front, of
// which every reader takes one.
func split(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	first := n.In(0).Node()
	perm := n.Ints("perm")
	if n.Op != "Transpose" || len(perm) == 0 || first == nil || first.Op != "Reshape" || first.In(0) == nil || first.In(0).IsConst() {
		return false
	}
	x, mid, k := first.In(0), first.Out(0).Shape, int(perm[0])
	if len(mid) != len(perm) {
		return false // of a rank that is not known
	}
	parts, ok := mid[k].Int()
	axis, whole := splitAxis(x.Shape, mid, k)
	if !ok || !whole || parts < 2 || parts > 64 {
		return false
	}
	m := newMatch(g)
	m.nodes = []*ir.Node{n, first}
	y := n.Out(0)
	if u := y.Uses(); len(u) == 1 && isView(u[0].Node) && sameFront(y.Shape, u[0].Node.Out(0).Shape) {
		m.nodes = append(m.nodes, u[0].Node)
		y = u[0].Node.Out(0)
	}
	readers := make([]*ir.Node, parts)
	for _, u := range y.Uses() {
		i, ok := picks(u, parts)
		if !ok || readers[i] != nil {
			return false
		}
		readers[i] = u.Node
		m.nodes = append(m.nodes, u.Node)
	}
	for _, v := range []*ir.Value{first.Out(0), n.Out(0), y} {
		if g.IsOutput(v) || v != y && len(v.Uses()) != 1 {
			c.Miss(n, "%q is read whole", v.Name)
			return false
		}
	}
	size, ok := x.Shape[axis].Int()
	if !ok {
		return false
	}
	part := x.Shape.Clone()
	part[axis] = ir.Static(size / parts)
	for _, r := range readers {
		if r == nil {
			continue
		}
		if _, _, _, ok := wayOf(part, mid, r.Out(0).Shape, perm, k); !ok {
			c.Miss(n, "the shape %v cannot be told from %v", r.Out(0).Shape, part)
			return false
		}
	}
	lengths := slices.Repeat([]int64{size / parts}, int(parts))
	s := p.AddN("Split", ir.Attrs{"axis": int64(axis)}, []*ir.Value{x, p.Const(n.Name+"_sizes", tensor.Of(lengths, len(lengths)))}, int(parts), m.nodes...)
	for i, r := range readers {
		if r == nil {
			continue
		}
		m.branch(p, r, s.Outputs[i], mid, perm, k)
	}
	m.drop(p, n)
	return true
}

// wayOf tells how a part comes to be what its reader had: by a Reshape to view
// and a Transpose by order, where order is not nil, and a Reshape to last.
func wayOf(part, mid, out ir.Shape, perm []int64, k int) (view, order, last []int64, ok bool) {
	shape := slices.Delete(mid.Clone(), k, k+1)
	for _, a := range perm[1:] {
		if a > int64(k) {
			a--
		}
		order = append(order, a)
	}
	if onlyUnits(shape, order) {
		last, ok = fold.Target(part, out)
		return nil, nil, last, ok
	}
	if view, ok = fold.Target(part, shape); !ok {
		return nil, nil, nil, false
	}
	moved := make(ir.Shape, len(shape))
	for i, a := range order {
		moved[i] = shape[a]
	}
	last, ok = fold.Target(moved, out)
	return view, order, last, ok
}

// branch makes r, which took a part of the whole, take v, the same part before
// the Reshape to mid and the Transpose.
func (m *match) branch(p *ir.Patch, r *ir.Node, v *ir.Value, mid ir.Shape, perm []int64, k int) {
	view, order, last, _ := wayOf(v.Shape, mid, r.Out(0).Shape, perm, k)
	if order != nil {
		v = p.Add("Reshape", nil, []*ir.Value{v, p.Const(r.Name+"_part", tensor.Of(view, len(view)))}, r)
		v = p.Add("Transpose", ir.Attrs{"perm": order}, []*ir.Value{v}, r)
	}
	p.AddOrigin(r, m.nodes[:2]...)
	p.Rewrite(r, "Reshape", nil, v, p.Const(r.Name+"_shape", tensor.Of(last, len(last))))
}

// splitAxis is the axis of x that a Reshape to mid takes apart such that axis k
// of mid counts its outermost parts.
func splitAxis(x, mid ir.Shape, k int) (int, bool) {
	groups, ok := joined(mid, x)
	if !ok {
		return 0, false
	}
	for axis, g := range groups {
		if i := slices.Index(g, k); i >= 0 {
			return axis, len(g) > i+1 && !slices.ContainsFunc(g[:i], func(a int) bool { return !mid[a].Is(1) })
		}
	}
	return 0, false
}

// picks is the part that a reader takes: a Gather of one along axis 0.
func picks(u ir.Use, parts int64) (int64, bool) {
	n := u.Node
	if n.Op != "Gather" || u.Index != 0 || n.Int("axis", 0) != 0 || n.In(1).Rank() != 0 {
		return 0, false
	}
	i, ok := n.In(1).ConstInts()
	if !ok {
		return 0, false
	}
	at := i[0]
	if at < 0 {
		at += parts
	}
	return at, at >= 0 && at < parts
}

func isView(n *ir.Node) bool { return n.Op == "Squeeze" || n.Op == "Reshape" || n.Op == "Unsqueeze" }

func sameFront(a, b ir.Shape) bool { return len(a) > 0 && len(b) > 0 && a[0].Equal(b[0]) }

// onlyUnits reports whether a Transpose of a tensor of that shape moves no axis
// of more than one element past another.
func onlyUnits(s ir.Shape, perm []int64) bool {
	last := int64(-1)
	for _, a := range perm {
		if s[a].Is(1) {
			continue
		}
		if a < last {
			return false
		}
		last = a
	}
	return true
}
