package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// GroupNorm is the pass recognise_group_norm.
var GroupNorm = &pass.Pass{
	Name:  "recognise_group_norm",
	About: "Finds GroupNormalization written as InstanceNormalization between two Reshapes",
	After: []string{"recognise_layer_norm"}, // which makes the normalization of one written out further
	Run:   each(groupNorm),
}

// groupNorm sees n as the Reshape that leads back to x's shape, behind a
// normalization of x with the channels gathered in groups.
func groupNorm(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if n.Op != "Reshape" || n.In(0).Node() == nil {
		return false
	}
	inner := n.In(0).Node()
	flat := inner.In(0)
	if inner.Op != "InstanceNormalization" && inner.Op != "LayerNormalization" || flat == nil || flat.Node() == nil || flat.Node().Op != "Reshape" {
		return false
	}
	x := flat.Node().In(0)
	rank, flatRank := x.Rank(), flat.Rank()
	if rank < 3 || flatRank < 3 || !x.Shape.Equal(n.Out(0).Shape) || !flat.Shape[0].Equal(x.Shape[0]) || inner.Out(1) != nil || inner.Out(2) != nil {
		return false
	}
	groups, ok1 := flat.Shape[1].Int()
	channels, ok2 := x.Shape[1].Int()
	if !ok1 || !ok2 || groups < 1 || channels%groups != 0 {
		c.Miss(n, "%v channels in groups of %v", x.Shape[1], flat.Shape[1])
		return false
	}
	m := newMatch(g)
	m.nodes = []*ir.Node{n, inner, flat.Node()}
	innerScale, innerBias, ok := perGroup(inner, int(groups))
	if !ok {
		c.Miss(n, "the normalization inside has a scale or bias that differs within a group")
		return false
	}
	if !m.closed(c, n, "GroupNormalization") {
		return false
	}
	a := m.follow(n, func(v *ir.Value) bool { _, _, ok := spread(v, x.Shape, []int{1}); return ok })
	scale, bias := make([]float64, channels), make([]float64, channels)
	for i := range scale {
		k := i / int(channels/groups)
		scale[i], bias[i] = innerScale[k], innerBias[k]
	}
	if a.scale != nil {
		w, _, _ := spread(a.scale, x.Shape, []int{1})
		for i := range scale {
			scale[i] *= w[i]
			bias[i] *= w[i]
		}
	}
	if a.bias != nil {
		b, _, _ := spread(a.bias, x.Shape, []int{1})
		for i := range bias {
			bias[i] += b[i]
		}
	}
	attrs := ir.Attrs{"num_groups": groups, "epsilon": inner.Float("epsilon", 1e-5)}
	m.rewrite(p, a.last, "GroupNormalization", attrs, x,
		vector(p, a.last.Name+"_scale", x.DType, scale, int(channels)), vector(p, a.last.Name+"_bias", x.DType, bias, int(channels)))
	return true
}

// lastGroups sees the match, a normalization of x that n ends, as that of groups
// of channels which are the last axis: x is a Reshape that takes them apart, and
// another one puts them together again.
func (m *match) lastGroups(p *ir.Patch, n *ir.Node, x *ir.Value, axes []int, epsilon float64) bool {
	rank, first := x.Rank(), x.Node()
	if rank < 4 || len(axes) != rank-2 || slices.Contains(axes, 0) || slices.Contains(axes, rank-2) || first == nil || first.Op != "Reshape" || !m.g.SingleUse(n.Out(0)) {
		return false
	}
	in, last := first.In(0), n.Out(0).Uses()[0].Node
	groups, ok1 := x.Shape[rank-2].Int()
	channels, ok2 := in.Shape[max(0, in.Rank()-1)].Int()
	if last.Op != "Reshape" || in.Rank() != rank-1 || !in.Shape.Equal(last.Out(0).Shape) || !in.Shape[:rank-2].Equal(x.Shape[:rank-2]) || !ok1 || !ok2 {
		return false
	}
	last2 := []int{rank - 2, rank - 1}
	make := func(name string, none float64) *ir.Value {
		v := m.value[name]
		if v == nil {
			return filled(p, last.Name+"_"+name, x.DType, none, int(channels))
		}
		e, _, ok := spread(v, x.Shape, last2)
		if !ok {
			return nil
		}
		return vector(p, last.Name+"_"+name, x.DType, e, int(channels))
	}
	scale, bias := make("scale", 1), make("bias", 0)
	if scale == nil || bias == nil {
		return false
	}
	m.nodes = append(m.nodes, last)
	forth, back := []int64{0, int64(rank - 2)}, []int64{0}
	for a := 1; a < rank-2; a++ {
		forth, back = append(forth, int64(a)), append(back, int64(a+1))
	}
	y := m.add(p, last, "Transpose", ir.Attrs{"perm": forth}, in)
	y = m.add(p, last, "GroupNormalization", ir.Attrs{"num_groups": groups, "epsilon": epsilon}, y, scale, bias)
	m.rewrite(p, last, "Transpose", ir.Attrs{"perm": append(back, 1)}, y)
	return true
}

// perGroup are scale and bias of the normalization inside, by group; false where
// it does not work on one group at a time.
func perGroup(n *ir.Node, groups int) (scale, bias []float64, ok bool) {
	if n.Op == "LayerNormalization" {
		axis := n.Int("axis", -1)
		if axis < 0 {
			axis += int64(n.In(0).Rank())
		}
		if axis != 2 {
			return nil, nil, false
		}
	}
	take := func(v *ir.Value, none float64) []float64 {
		if v == nil {
			return slices.Repeat([]float64{none}, groups)
		}
		if !v.IsConst() || v.Const.Len() == 0 {
			return nil
		}
		e := v.Const.Float64s()
		if n.Op == "InstanceNormalization" && len(e) == groups {
			return e
		}
		if n.Op == "LayerNormalization" && !slices.ContainsFunc(e, func(x float64) bool { return x != e[0] }) {
			return slices.Repeat([]float64{e[0]}, groups)
		}
		return nil
	}
	scale, bias = take(n.In(1), 1), take(n.In(2), 0)
	return scale, bias, scale != nil && bias != nil
}
