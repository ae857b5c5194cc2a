package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// GlobalPool is the pass recognise_global_pool.
var GlobalPool = &pass.Pass{
	Name:  "recognise_global_pool",
	About: "Makes a mean or maximum over the whole plane a GlobalAveragePool or GlobalMaxPool",
	After: []string{"recognise_layer_norm"}, // in which such means are parts
	Run:   each(globalPool),
}

var pools = map[string]string{"ReduceMean": "GlobalAveragePool", "ReduceMax": "GlobalMaxPool"}

func globalPool(g *ir.Graph, _ *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	to, ok := pools[n.Op]
	x := n.In(0)
	if !ok || x.Rank() != 4 || !x.DType.IsFloat() || n.In(1) == nil {
		return false
	}
	m := newMatch(g)
	m.nodes = []*ir.Node{n}
	m.value["axes"] = n.In(1)
	axes := m.axes("axes", 4)
	kept := n.Int("keepdims", 1) == 1
	if t := x.Node(); t != nil && t.Op == "Transpose" && slices.Equal(t.Ints("perm"), toLast) && slices.Equal(axes, []int{1, 2}) {
		// Of a plane that was made channels-last the mean is taken before that.
		x, axes = t.In(0), []int{2, 3}
		if kept {
			p.Rewrite(n, "Transpose", ir.Attrs{"perm": toLast}, m.add(p, n, to, nil, x))
			return true
		}
	}
	if !slices.Equal(axes, []int{2, 3}) {
		return false
	}
	if kept {
		p.Rewrite(n, to, nil, x)
		return true
	}
	y := m.add(p, n, to, nil, x)
	// 0 takes a size over from the operand.
	p.Rewrite(n, "Reshape", nil, y, p.Const(n.Name+"_shape", tensor.Of([]int64{0, 0}, 2)))
	return true
}
