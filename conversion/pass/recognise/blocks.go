package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/pass/fold"
	"slipway/conversion/tensor"
)

// Blocks is the pass recognise_blocks.
var Blocks = &pass.Pass{
	Name:  "recognise_blocks",
	About: "Finds DepthToSpace and SpaceToDepth written as Reshape, Transpose, Reshape; between convolutions, channel shuffles on channels-last tensors",
	After: []string{"fold_constants", "remove_identity", "merge_reshapes"},
	Run:   each(blocks),
}

// movement is what a Transpose of six axes between two Reshapes does. at names
// the axes of the middle shape: n, c, h, w as in the operand, b the block. last:
// operand and result are channels-last.
type movement struct {
	op, mode string
	at       string
	perm     []int64
	last     bool
}

var movements = []movement{
	{"DepthToSpace", "CRD", "ncbbhw", []int64{0, 1, 4, 2, 5, 3}, false},
	{"DepthToSpace", "DCR", "nbbchw", []int64{0, 3, 4, 1, 5, 2}, false},
	{"SpaceToDepth", "CRD", "nchbwb", []int64{0, 1, 3, 5, 2, 4}, false},
	{"SpaceToDepth", "DCR", "nchbwb", []int64{0, 3, 5, 1, 2, 4}, false},
	{"DepthToSpace", "CRD", "nhwcbb", []int64{0, 1, 4, 2, 5, 3}, true},
	{"DepthToSpace", "DCR", "nhwbbc", []int64{0, 1, 3, 2, 4, 5}, true},
	{"SpaceToDepth", "CRD", "nhbwbc", []int64{0, 1, 3, 5, 2, 4}, true},
	{"SpaceToDepth", "DCR", "nhbwbc", []int64{0, 1, 3, 2, 4, 5}, true},
}

var (
	toLast  = []int64{0, 2, 3, 1}
	toFirst = []int64{0, 3, 1, 2}
)

// besides reports whether x, channels-last, was brought into that order by a
// Transpose, or y is taken out of it by one: only then do channels-first
// operators between them spare movements.
func besides(x, y *ir.Value) bool {
	is := func(n *ir.Node, perm []int64) bool {
		return n != nil && n.Op == "Transpose" && slices.Equal(n.Ints("perm"), perm)
	}
	return is(x.Node(), toLast) || slices.ContainsFunc(y.Uses(), func(u ir.Use) bool { return is(u.Node, toFirst) })
}

func firstOf(s ir.Shape) ir.Shape { return ir.Shape{s[0], s[3], s[1], s[2]} }

func blocks(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if n.Op != "Reshape" || n.In(0).Node() == nil || n.In(0).Node().Op != "Transpose" {
		return false
	}
	t := n.In(0).Node()
	first := t.In(0).Node()
	if first == nil || first.Op != "Reshape" {
		return false
	}
	x, mid, out := first.In(0), first.Out(0).Shape, n.Out(0).Shape
	if x.Rank() == 4 && len(mid) == 5 && len(out) == 4 {
		return shuffle(g, c, p, n, t, first)
	}
	if x.Rank() != 4 || len(mid) != 6 || len(out) != 4 {
		return false
	}
	for _, k := range movements {
		if !slices.Equal(k.perm, t.Ints("perm")) || k.last && !besides(x, n.Out(0)) {
			continue
		}
		in := x.Shape
		if k.last {
			in, out = firstOf(in), firstOf(n.Out(0).Shape)
		}
		b, ok := k.block(in, mid)
		if !ok {
			continue
		}
		m := newMatch(g)
		m.nodes = []*ir.Node{n, t, first}
		if !out.Equal(k.result(in, b)) {
			c.Miss(n, "the result of %s has the shape %v", k.op, out)
			return false
		}
		if !m.closed(c, n, k.op) {
			return false
		}
		attrs := ir.Attrs{"blocksize": b, "mode": k.mode}
		if !k.last {
			m.rewrite(p, n, k.op, attrs, x)
			return true
		}
		y := m.add(p, n, "Transpose", ir.Attrs{"perm": toFirst}, x)
		m.rewrite(p, n, "Transpose", ir.Attrs{"perm": toLast}, m.add(p, n, k.op, attrs, y))
		return true
	}
	return false
}

// shuffle sees n as the end of a channel shuffle on a channels-last tensor.
func shuffle(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n, t, first *ir.Node) bool {
	x, mid := first.In(0), first.Out(0).Shape
	groups, ok1 := mid[3].Int()
	size, ok2 := mid[4].Int()
	if !ok1 || !ok2 || !slices.Equal(t.Ints("perm"), []int64{0, 1, 2, 4, 3}) || !x.Shape[:3].Equal(mid[:3]) || !x.Shape.Equal(n.Out(0).Shape) || !besides(x, n.Out(0)) {
		return false
	}
	apart, ok1 := fold.Target(firstOf(x.Shape), ir.Shape{mid[0], mid[3], mid[4], mid[1], mid[2]})
	whole, ok2 := fold.Target(ir.Shape{mid[0], ir.Static(size), ir.Static(groups), mid[1], mid[2]}, firstOf(x.Shape))
	m := newMatch(g)
	m.nodes = []*ir.Node{n, t, first}
	if !ok1 || !ok2 || !m.closed(c, n, "a channel shuffle") {
		return false
	}
	y := m.add(p, n, "Transpose", ir.Attrs{"perm": toFirst}, x)
	y = m.add(p, n, "Reshape", nil, y, p.Const(n.Name+"_groups", tensor.Of(apart, len(apart))))
	y = m.add(p, n, "Transpose", ir.Attrs{"perm": []int64{0, 2, 1, 3, 4}}, y)
	y = m.add(p, n, "Reshape", nil, y, p.Const(n.Name+"_channels", tensor.Of(whole, len(whole))))
	m.rewrite(p, n, "Transpose", ir.Attrs{"perm": toLast}, y)
	return true
}

// block is the block's size where a tensor of shape in, seen as mid, is what k
// moves.
func (k movement) block(in, mid ir.Shape) (int64, bool) {
	b := int64(0)
	for i, a := range k.at {
		if a == 'b' {
			v, ok := mid[i].Int()
			if !ok || v < 2 || b != 0 && v != b {
				return 0, false
			}
			b = v
		}
	}
	want := map[rune]ir.Dim{'n': in[0], 'c': in[1], 'h': in[2], 'w': in[3], 'b': ir.Static(b)}
	if k.op == "DepthToSpace" {
		ch, ok := in[1].Int()
		if !ok || ch%(b*b) != 0 {
			return 0, false
		}
		want['c'] = ir.Static(ch / (b * b))
	} else {
		for _, a := range "hw" {
			whole := want[a]
			if v, ok := whole.Int(); ok && v%b != 0 {
				return 0, false
			}
			want[a] = whole.FloorDiv(b)
		}
	}
	for i, a := range k.at {
		if !mid[i].Equal(want[a]) {
			return 0, false
		}
	}
	return b, true
}

func (k movement) result(in ir.Shape, b int64) ir.Shape {
	s := ir.Static(b)
	if k.op == "DepthToSpace" {
		return ir.Shape{in[0], in[1].FloorDiv(b * b), in[2].Mul(s), in[3].Mul(s)}
	}
	return ir.Shape{in[0], in[1].Mul(ir.Static(b * b)), in[2].FloorDiv(b), in[3].FloorDiv(b)}
}
