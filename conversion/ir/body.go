package ir

import (
	"fmt"
	"slices"
)

// CapturedAttr is set on nodes with bodies (If, Loop, Scan, SequenceMap): how
// many of the node's last inputs are values of the enclosing graph that the
// bodies read besides what the operator hands them. Each body has as many last
// inputs, in the same order. So a body never reads past its own inputs, and what
// it takes from outside is an ordinary use of that value.
const CapturedAttr = "captured_inputs"

// MaxBodyNest bounds bodies inside bodies.
const MaxBodyNest = 32

// Captured is the number of n's last inputs that its bodies capture.
func (n *Node) Captured() int {
	return int(min(max(n.Int(CapturedAttr, 0), 0), int64(len(n.Inputs))))
}

// Bodies are the graphs among n's attributes, in the order of the attributes'
// names.
func (n *Node) Bodies() []*Graph {
	var out []*Graph
	for _, k := range n.Attrs.Keys() {
		switch g := n.Attrs[k].(type) {
		case *Graph:
			out = append(out, g)
		case []*Graph:
			out = append(out, g...)
		}
	}
	return out
}

// checkBodies reports the first broken invariant in n's bodies.
func checkBodies(n *Node, depth int) error {
	for _, body := range n.Bodies() {
		if depth >= MaxBodyNest {
			return fmt.Errorf("ir: node %q (%s): bodies are nested more than %d deep", n.Name, n.Op, MaxBodyNest)
		}
		if c := n.Int(CapturedAttr, 0); c < 0 || c > int64(len(n.Inputs)) || c > int64(len(body.Inputs)) {
			return fmt.Errorf("ir: node %q (%s) captures %d values, with %d inputs and %d in its body", n.Name, n.Op, c, len(n.Inputs), len(body.Inputs))
		}
		if err := check(body, depth+1); err != nil {
			return fmt.Errorf("ir: body of node %q (%s): %w", n.Name, n.Op, err)
		}
	}
	return nil
}

// Inline copies the nodes of body into the patch's graph, with args in the place
// of body's inputs, and returns the values that stand for body's outputs. The
// copies keep their names as far as they are free and come from their own source
// layers and from's. consts, where not nil, remembers the constants made, so that
// several copies of one body share them.
func (p *Patch) Inline(body *Graph, args []*Value, from *Node, consts map[*Value]*Value) []*Value {
	if len(args) != len(body.Inputs) {
		p.Fail(fmt.Errorf("%s: node %q (%s): a body of %d inputs gets %d", p.by, from.Name, from.Op, len(body.Inputs), len(args)))
		return make([]*Value, len(body.Outputs))
	}
	if consts == nil {
		consts = map[*Value]*Value{}
	}
	m := map[*Value]*Value{}
	for i, v := range body.Inputs {
		m[v] = args[i]
	}
	get := func(v *Value) *Value {
		if v == nil || !v.IsConst() {
			return m[v]
		}
		c := consts[v]
		if c == nil {
			c = p.g.AddConst(v.Name, v.Const)
			consts[v] = c
		}
		return c
	}
	for _, n := range body.Nodes {
		if p.err != nil {
			break
		}
		p.count++
		in := make([]*Value, len(n.Inputs))
		for i, v := range n.Inputs {
			in[i] = get(v)
		}
		for len(in) > 0 && in[len(in)-1] == nil {
			in = in[:len(in)-1]
		}
		c := p.g.AddNode(n.Op, n.Name, n.Attrs.Clone(), in)
		for i, v := range n.Outputs {
			if v == nil {
				c.Outputs = append(c.Outputs, nil)
				continue
			}
			w := p.g.newOutput(c, i, v.Name)
			c.Outputs = append(c.Outputs, w)
			m[v] = w
		}
		c.By = p.by
		c.Origin = append(slices.Clone(n.Origin), from.Origin...)
		slices.Sort(c.Origin)
		c.Origin = slices.Compact(c.Origin)
		if p.infer != nil {
			if err := p.infer(c); err != nil {
				p.Fail(fmt.Errorf("%s: node %q (%s) out of the body of %q: %w", p.by, c.Name, c.Op, from.Name, err))
			}
		}
	}
	out := make([]*Value, len(body.Outputs))
	for i, v := range body.Outputs {
		out[i] = get(v)
	}
	return out
}

// DropInput removes an input that nothing reads. It is for the inputs of bodies,
// whose nodes must change along.
func (g *Graph) DropInput(v *Value) {
	g.Inputs = slices.DeleteFunc(g.Inputs, func(x *Value) bool { return x == v })
	delete(g.names, "v:"+v.Name)
}

// Adopt makes input v of a body the constant c, under v's name.
func (g *Graph) Adopt(v, c *Value) {
	g.Inputs = slices.DeleteFunc(g.Inputs, func(x *Value) bool { return x == v })
	v.SetType(c.Type())
	v.Const, v.Content = c.Const, c.Content
}
