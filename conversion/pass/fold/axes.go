package fold

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Axes is the pass join_axes.
var Axes = &pass.Pass{
	Name:  "join_axes",
	About: "Moves axes that stay together as one, where a Transpose between Reshapes has more than five",
	After: []string{"merge_reshapes", "recognise_blocks"}, // which knows some of them by their axes
	Run:   joinAxes,
}

// manyAxes is more than every target has.
const manyAxes = 6

func joinAxes(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if n.Op != "Transpose" || n.In(0) == nil || n.In(0).Rank() < manyAxes {
			continue
		}
		dims, ok := n.In(0).Shape.Ints()
		if !ok {
			c.Miss(n, "its shape %v is not known", n.In(0).Shape)
			continue
		}
		first, out := n.In(0).Node(), n.Out(0)
		if first == nil || first.Op != "Reshape" || !onlyViewed(g, out) {
			c.Miss(n, "it does not stand between two Reshapes")
			continue
		}
		small, perm := join(dims, n.Ints("perm"))
		if len(small) >= len(dims) {
			continue
		}
		was := out.Shape.Clone()
		back, _ := was.Ints()
		x := p.Add("Reshape", nil, []*ir.Value{first.In(0), p.Const(n.Name+"_joined", tensor.Of(small, len(small)))}, n)
		y := p.Add("Transpose", ir.Attrs{"perm": perm}, []*ir.Value{x}, n)
		shape := make([]int64, len(back))
		for i, d := range back {
			shape[i] = int64(d)
		}
		p.Rewrite(n, "Reshape", nil, y, p.Const(n.Name+"_split", tensor.Of(shape, len(shape))))
		c.Fire()
	}
	return p.Done()
}

// onlyViewed reports whether all that v's readers do is see it in another shape.
func onlyViewed(g *ir.Graph, v *ir.Value) bool {
	if g.IsOutput(v) {
		return false
	}
	for _, u := range v.Uses() {
		if !viewing[u.Node.Op] || u.Index != 0 {
			return false
		}
	}
	return len(v.Uses()) > 0
}

// join leaves out axes of one element and makes one of those that stay side by
// side under perm (nil: reversed).
func join(dims []int, perm []int64) (small, order []int64) {
	var kept []int // axes of the result, those of one element left out
	for k := range dims {
		a := len(dims) - 1 - k
		if perm != nil {
			a = int(perm[k])
		}
		if dims[a] != 1 {
			kept = append(kept, a)
		}
	}
	place := map[int]int{} // axis -> place in kept
	for i, a := range kept {
		place[a] = i
	}
	group := map[int]int64{}
	last := -1
	for a, d := range dims {
		if d == 1 {
			continue
		}
		if last >= 0 && place[a] == place[last]+1 {
			group[a] = group[last]
			small[group[a]] *= int64(d)
		} else {
			group[a] = int64(len(small))
			small = append(small, int64(d))
		}
		last = a
	}
	for i, a := range kept {
		if i == 0 || group[a] != group[kept[i-1]] {
			order = append(order, group[a])
		}
	}
	return small, order
}
