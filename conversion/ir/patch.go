package ir

import (
	"fmt"
	"slices"

	"slipway/conversion/tensor"
)

// Patch is one editing session on a Graph. Wiring changes at once, so that
// later matches see earlier edits; Done prunes what became dead and restores
// the topological order. Every new node is stamped with the session's name and
// with the origins of the nodes it replaces.
type Patch struct {
	g     *Graph
	by    string
	infer func(*Node) error
	err   error
	count int
}

// Edit opens a session. by names the pass; infer, if not nil, is called on each
// new node so that its outputs have types and shapes at once.
func (g *Graph) Edit(by string, infer func(*Node) error) *Patch {
	return &Patch{g: g, by: by, infer: infer}
}

// Changes is the number of edits so far.
func (p *Patch) Changes() int { return p.count }

// Needed reports whether a node reads v or it is a graph output.
func (p *Patch) Needed(v *Value) bool { return v != nil && (len(v.uses) > 0 || p.g.IsOutput(v)) }

// Fail records the first error; Done returns it.
func (p *Patch) Fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Err is the first recorded error, nil where there is none.
func (p *Patch) Err() error { return p.err }

// Const makes a constant named after base.
func (p *Patch) Const(base string, t *tensor.Tensor) *Value { return p.g.AddConst(base, t) }

// Add makes a node with one output and returns that output. from are the nodes
// whose work it does: the first gives it its name, all give it their origins.
func (p *Patch) Add(op string, attrs Attrs, inputs []*Value, from ...*Node) *Value {
	return p.AddN(op, attrs, inputs, 1, from...).Outputs[0]
}

// AddN is Add for a node with outs outputs.
func (p *Patch) AddN(op string, attrs Attrs, inputs []*Value, outs int, from ...*Node) *Node {
	p.count++
	name := op
	var origin []string
	for i, f := range from {
		if i == 0 {
			name = f.Name
		}
		origin = append(origin, f.Origin...)
	}
	names := make([]string, outs)
	for i := range names {
		names[i] = name + "_out"
	}
	n := p.g.AddNode(op, name, attrs, inputs, names...)
	n.By = p.by
	slices.Sort(origin)
	n.Origin = slices.Compact(origin)
	if p.infer != nil && p.err == nil {
		if err := p.infer(n); err != nil {
			p.Fail(fmt.Errorf("%s: new node %q (%s): %w", p.by, n.Name, n.Op, err))
		}
	}
	return n
}

// Replace makes every reader of old read new instead. Where old is a graph
// output, new takes over its name and place (through an Identity where new is
// an input, a constant or an output already). The source layers whose output
// old held are from then on held by new.
func (p *Patch) Replace(old, repl *Value) {
	if old == repl {
		return
	}
	p.count++
	for _, u := range old.uses {
		u.Node.Inputs[u.Index] = repl
		repl.uses = append(repl.uses, u)
	}
	old.uses = nil
	if len(old.Layers) > 0 && repl.node != nil {
		l := append(slices.Clone(repl.Layers), old.Layers...)
		slices.Sort(l)
		repl.Layers = slices.Compact(l)
	}
	if !p.g.IsOutput(old) {
		return
	}
	if repl.node == nil || p.g.IsOutput(repl) {
		from := []*Node{}
		if old.node != nil {
			from = append(from, old.node)
		}
		repl = p.Add("Identity", nil, []*Value{repl}, from...)
	}
	for i, o := range p.g.Outputs {
		if o == old {
			p.g.Outputs[i] = repl
		}
	}
	name := old.Name
	p.g.RenameValue(old, name+"_replaced")
	p.g.RenameValue(repl, name)
}

// SetInput makes input i of n read v; nil omits it. The list grows as needed.
func (p *Patch) SetInput(n *Node, i int, v *Value) {
	p.count++
	for len(n.Inputs) <= i {
		n.Inputs = append(n.Inputs, nil)
	}
	if old := n.Inputs[i]; old != nil {
		old.uses = slices.DeleteFunc(old.uses, func(u Use) bool { return u.Node == n && u.Index == i })
	}
	n.Inputs[i] = v
	if v != nil {
		v.uses = append(v.uses, Use{n, i})
	}
}

// SetAttr sets or, with a nil value, removes an attribute.
func (p *Patch) SetAttr(n *Node, name string, value any) {
	p.count++
	if value == nil {
		delete(n.Attrs, name)
		return
	}
	n.Attrs[name] = value
}

// Rewrite turns n into another operation in place: it keeps its name, origins
// and outputs, whose types are inferred anew.
func (p *Patch) Rewrite(n *Node, op string, attrs Attrs, inputs ...*Value) {
	p.count++
	for i := range n.Inputs {
		p.SetInput(n, i, nil)
	}
	if attrs == nil {
		attrs = Attrs{}
	}
	n.Op, n.Attrs, n.By, n.Inputs = op, attrs, p.by, nil
	for _, v := range inputs {
		p.g.appendInput(n, v)
	}
	if p.infer != nil && p.err == nil {
		if err := p.infer(n); err != nil {
			p.Fail(fmt.Errorf("%s: rewritten node %q (%s): %w", p.by, n.Name, n.Op, err))
		}
	}
}

// AddOrigin adds the origins of from to n.
func (p *Patch) AddOrigin(n *Node, from ...*Node) {
	for _, f := range from {
		n.Origin = append(n.Origin, f.Origin...)
	}
	slices.Sort(n.Origin)
	n.Origin = slices.Compact(n.Origin)
}

// Done ends the session: it removes nodes that nothing reads any more, restores
// the order and returns the first recorded error.
func (p *Patch) Done() error {
	if p.err != nil {
		return p.err
	}
	if p.count == 0 {
		return nil
	}
	p.g.prune()
	return p.g.Sort()
}

// prune removes nodes none of whose outputs is read.
func (g *Graph) prune() {
	outs := map[*Value]bool{}
	for _, v := range g.Outputs {
		outs[v] = true
	}
	dead := func(n *Node) bool {
		for _, v := range n.Outputs {
			if v != nil && (len(v.uses) > 0 || outs[v]) {
				return false
			}
		}
		return true
	}
	gone := map[*Node]bool{}
	work := slices.Clone(g.Nodes)
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		if gone[n] || !dead(n) {
			continue
		}
		gone[n] = true
		delete(g.names, "n:"+n.Name)
		for _, v := range n.Outputs {
			if v != nil {
				delete(g.names, "v:"+v.Name)
			}
		}
		for i, v := range n.Inputs {
			if v == nil {
				continue
			}
			v.uses = slices.DeleteFunc(v.uses, func(u Use) bool { return u.Node == n && u.Index == i })
			if v.node != nil {
				work = append(work, v.node)
			}
		}
	}
	if len(gone) > 0 {
		g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool { return gone[n] })
	}
}

// Sort restores the topological order of Nodes, keeping the present order where
// it is free. A cycle is an error that names one node in it.
func (g *Graph) Sort() error {
	state := make(map[*Node]uint8, len(g.Nodes))
	out := make([]*Node, 0, len(g.Nodes))
	type frame struct {
		n *Node
		i int
	}
	for _, root := range g.Nodes {
		stack := []frame{{root, 0}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if f.i == 0 {
				if state[f.n] == 2 {
					stack = stack[:len(stack)-1]
					continue
				}
				state[f.n] = 1
			}
			if f.i < len(f.n.Inputs) {
				v := f.n.Inputs[f.i]
				f.i++
				if v == nil || v.node == nil || state[v.node] == 2 {
					continue
				}
				if state[v.node] == 1 {
					return fmt.Errorf("ir: graph %q has a cycle through node %q (%s)", g.Name, v.node.Name, v.node.Op)
				}
				stack = append(stack, frame{v.node, 0})
				continue
			}
			state[f.n] = 2
			out = append(out, f.n)
			stack = stack[:len(stack)-1]
		}
	}
	g.Nodes = out
	return nil
}
