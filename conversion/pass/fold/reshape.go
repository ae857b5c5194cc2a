package fold

import (
	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Reshapes is the pass merge_reshapes.
var Reshapes = &pass.Pass{
	Name:  "merge_reshapes",
	About: "Makes one Reshape of several operations that only change the shape",
	After: []string{"remove_identity"},
	Run:   mergeReshapes,
}

// viewing lists operators that keep all elements in their order.
var viewing = map[string]bool{"Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true}

func mergeReshapes(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if !viewing[n.Op] || n.In(0) == nil {
			continue
		}
		inner := n.In(0).Node()
		if inner == nil || !viewing[inner.Op] || inner.In(0) == nil {
			continue
		}
		if !g.SingleUse(inner.Out(0)) {
			c.Miss(n, "%q, which it reads, has %d other readers", inner.Name, len(inner.Out(0).Uses())-1)
			continue
		}
		x := inner.In(0)
		target, ok := Target(x.Shape, n.Out(0).Shape)
		if !ok {
			c.Miss(n, "the shape %v cannot be told from %v", n.Out(0).Shape, x.Shape)
			continue
		}
		p.Rewrite(n, "Reshape", nil, x, p.Const(n.Name+"_shape", tensor.Of(target, len(target))))
		p.AddOrigin(n, inner)
		c.Fire()
		if x.Shape.Equal(n.Out(0).Shape) && !(g.IsOutput(n.Out(0)) && (x.Node() == nil || g.IsOutput(x))) {
			p.Replace(n.Out(0), x)
		}
	}
	return p.Done()
}
