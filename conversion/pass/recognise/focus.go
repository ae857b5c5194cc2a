package recognise

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Focus is the pass recognise_focus.
var Focus = &pass.Pass{
	Name:  "recognise_focus",
	About: "Finds SpaceToDepth written as the strided slices of a picture joined along the channels (YOLO's Focus)",
	After: []string{"merge_slices"},
	Run:   each(focus),
}

// focus sees n as a Concat of all pictures that start at (i,j) and take every
// b-th element. Where their order is not SpaceToDepth's, the only reader must be
// a convolution, whose weights are put in order.
func focus(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	count := len(n.Inputs)
	b := int(math.Sqrt(float64(count)))
	if n.Op != "Concat" || n.Int("axis", 0) != 1 && n.Int("axis", 0) != -3 || b < 2 || b*b != count || n.Out(0).Rank() != 4 {
		return false
	}
	m := newMatch(g)
	m.nodes = []*ir.Node{n}
	var x *ir.Value
	order := make([]int, 0, count) // the block at each place
	for _, v := range n.Inputs {
		s := v.Node()
		if s == nil || s.Op != "Slice" || s.In(0).Rank() != 4 || x != nil && s.In(0) != x {
			return false
		}
		x = s.In(0)
		i, j, ok := strided(s, int64(b))
		if !ok || slices.Contains(order, i*b+j) {
			return false
		}
		order = append(order, i*b+j)
		m.nodes = append(m.nodes, s)
	}
	for _, d := range x.Shape[2:] {
		if v, ok := d.Int(); !ok || v%int64(b) != 0 {
			c.Miss(n, "a picture of %v does not divide into blocks of %d", x.Shape, b)
			return false
		}
	}
	if !m.closed(c, n, "SpaceToDepth") {
		return false
	}
	if !slices.IsSorted(order) {
		if !g.SingleUse(n.Out(0)) || !reorder(p, n.Out(0).Uses()[0], order) {
			c.Miss(n, "the pictures are not in SpaceToDepth's order, and what reads them cannot take them in it")
			return false
		}
	}
	m.rewrite(p, n, "SpaceToDepth", ir.Attrs{"blocksize": int64(b), "mode": "DCR"}, x)
	return true
}

// strided is where a Slice that takes every b-th row and column starts.
func strided(n *ir.Node, b int64) (i, j int, ok bool) {
	var v [4][]int64 // starts, ends, axes, steps
	for k := range v {
		if v[k], ok = n.In(k + 1).ConstInts(); !ok {
			return 0, 0, false
		}
	}
	at := map[int64]int64{}
	for k, a := range v[2] {
		if a < 0 {
			a += 4
		}
		size, known := n.In(0).Shape[a].Int()
		if a < 2 || v[3][k] != b || v[0][k] < 0 || v[0][k] >= b || !known || v[1][k] < size && v[1][k] >= 0 || v[1][k] < 0 {
			return 0, 0, false
		}
		at[a] = v[0][k]
	}
	return int(at[2]), int(at[3]), len(at) == 2 && len(v[2]) == 2
}

// reorder puts the weights of the convolution that reads the blocks in the order
// of the blocks' positions.
func reorder(p *ir.Patch, u ir.Use, order []int) bool {
	n := u.Node
	if n.Op != "Conv" || u.Index != 0 || n.Int("group", 1) != 1 || !n.In(1).IsConst() || n.In(1).Rank() != 4 {
		return false
	}
	w := n.In(1).Const
	s := w.Shape()
	if s[1]%len(order) != 0 {
		return false
	}
	have := w.Float64s()
	out := make([]float64, len(have))
	c, plane := s[1]/len(order), s[2]*s[3]
	for o := range s[0] {
		for from, to := range order {
			copy(out[(o*s[1]+to*c)*plane:][:c*plane], have[(o*s[1]+from*c)*plane:])
		}
	}
	t, err := tensor.FromFloat64s(w.DType(), out, s...)
	if err != nil {
		return false
	}
	p.SetInput(n, 1, p.Const(n.In(1).Name+"_ordered", t))
	return true
}
