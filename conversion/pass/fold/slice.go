package fold

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Slices is the pass merge_slices.
var Slices = &pass.Pass{
	Name:  "merge_slices",
	About: "Makes one Slice of two that cut different axes",
	After: []string{"remove_identity"},
	Run:   mergeSlices,
}

func mergeSlices(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if n.Op != "Slice" || n.In(0) == nil || n.In(0).Node() == nil || n.In(0).Node().Op != "Slice" {
			continue
		}
		inner := n.In(0).Node()
		if g.IsOutput(inner.Out(0)) || slices.ContainsFunc(inner.Out(0).Uses(), func(u ir.Use) bool { return u.Node.Op != "Slice" }) {
			c.Miss(n, "others read the result of %q", inner.Name)
			continue
		}
		a, ok1 := cuts(inner)
		b, ok2 := cuts(n)
		if !ok1 || !ok2 {
			c.Miss(n, "what it or %q cuts is not constant", inner.Name)
			continue
		}
		if slices.ContainsFunc(b[2], func(axis int64) bool { return slices.Contains(a[2], axis) }) {
			c.Miss(n, "it cuts the same axis as %q", inner.Name)
			continue
		}
		in := []*ir.Value{inner.In(0)}
		for i := range a {
			v := slices.Concat(a[i], b[i])
			in = append(in, p.Const(n.Name+"_"+[...]string{"starts", "ends", "axes", "steps"}[i], tensor.Of(v, len(v))))
		}
		p.Rewrite(n, "Slice", nil, in...)
		p.AddOrigin(n, inner)
		c.Fire()
	}
	return p.Done()
}

// cuts are the constant starts, ends, axes (not negative) and steps of a Slice.
func cuts(n *ir.Node) (out [4][]int64, ok bool) {
	rank := n.In(0).Rank()
	for i := range out {
		v := n.In(i + 1)
		if v == nil && i >= 2 {
			continue
		}
		if out[i], ok = v.ConstInts(); !ok {
			return out, false
		}
	}
	k := len(out[0])
	for i := range k {
		if n.In(3) == nil {
			out[2] = append(out[2], int64(i))
		}
		if n.In(4) == nil {
			out[3] = append(out[3], 1)
		}
	}
	out[2] = slices.Clone(out[2])
	for i, a := range out[2] {
		if a < 0 {
			out[2][i] += int64(rank)
		}
	}
	return out, rank > 0 && len(out[1]) == k && len(out[2]) == k && len(out[3]) == k
}
