package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// Blocks is the pass recognise_blocks.
var Blocks = &pass.Pass{
	Name:  "recognise_blocks",
	About: "Finds DepthToSpace and SpaceToDepth written as Reshape, Transpose, Reshape",
	After: []string{"fold_constants", "remove_identity", "merge_reshapes"},
	Run:   each(blocks),
}

// movement is what a Transpose of six axes between two Reshapes does. at names
// the axes of the middle shape: n, c, h, w as in the operand, b the block.
type movement struct {
	op, mode string
	at       string
	perm     []int64
}

var movements = []movement{
	{"DepthToSpace", "CRD", "ncbbhw", []int64{0, 1, 4, 2, 5, 3}},
	{"DepthToSpace", "DCR", "nbbchw", []int64{0, 3, 4, 1, 5, 2}},
	{"SpaceToDepth", "CRD", "nchbwb", []int64{0, 1, 3, 5, 2, 4}},
	{"SpaceToDepth", "DCR", "nchbwb", []int64{0, 3, 5, 1, 2, 4}},
}

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
	if x.Rank() != 4 || len(mid) != 6 || len(out) != 4 {
		return false
	}
	for _, k := range movements {
		if !slices.Equal(k.perm, t.Ints("perm")) {
			continue
		}
		b, ok := k.block(x.Shape, mid)
		if !ok {
			continue
		}
		m := newMatch(g)
		m.nodes = []*ir.Node{n, t, first}
		if !out.Equal(k.result(x.Shape, b)) {
			c.Miss(n, "the result of %s has the shape %v", k.op, out)
			return false
		}
		if !m.closed(c, n, k.op) {
			return false
		}
		m.rewrite(p, n, k.op, ir.Attrs{"blocksize": b, "mode": k.mode}, x)
		return true
	}
	return false
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
