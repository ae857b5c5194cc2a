package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// change says how a case is to be made anew.
type change struct {
	drop    map[*ir.Node]bool            // nodes to leave out: their results become inputs
	leaves  map[*ir.Value]*tensor.Tensor // inputs and constants with other elements
	consts  map[*ir.Value]bool           // inputs to make constants
	attrs   map[*ir.Node]ir.Attrs        // nodes with other attributes
	omit    map[ir.Use]bool              // optional inputs to leave out
	outputs []*ir.Value                  // the outputs; nil: what nothing reads, and what was one
}

// rebuild makes the case with the changes, which must lead to a graph that can
// be inferred. Nodes that no output needs are left out.
func (c *Case) rebuild(reg *op.Registry, ch change) (*Case, error) {
	have, err := c.values(reg)
	if err != nil {
		return nil, err
	}
	want := ch.outputs
	if want == nil {
		for _, n := range c.Graph.Nodes {
			for _, v := range n.Outputs {
				if v != nil && !ch.drop[n] && (c.Graph.IsOutput(v) || !slices.ContainsFunc(v.Uses(), func(u ir.Use) bool { return !ch.drop[u.Node] })) {
					want = append(want, v)
				}
			}
		}
	}
	need := needed(want, ch)
	g := ir.New(c.Graph.Name)
	out := &Case{Seed: c.Seed, Graph: g, Feeds: map[string]*tensor.Tensor{}}
	m := map[*ir.Value]*ir.Value{}
	get := func(v *ir.Value) *ir.Value {
		if v == nil || m[v] != nil {
			return m[v]
		}
		t := ch.leaves[v]
		if t == nil {
			if t = v.Const; t == nil {
				t = have[v]
			}
		}
		if v.IsConst() || ch.consts[v] {
			m[v] = g.AddConst(v.Name, t)
		} else {
			m[v] = g.AddInput(v.Name, t.DType(), ir.Dims(t.Shape()...))
			m[v].Elem = v.Elem
			out.Feeds[m[v].Name] = t
		}
		return m[v]
	}
	for _, n := range c.Graph.Nodes {
		if !need[n] {
			continue
		}
		in := make([]*ir.Value, len(n.Inputs))
		for i, v := range n.Inputs {
			if !ch.omit[ir.Use{Node: n, Index: i}] {
				in[i] = get(v)
			}
		}
		for len(in) > 0 && in[len(in)-1] == nil {
			in = in[:len(in)-1]
		}
		attrs, ok := ch.attrs[n]
		if !ok {
			attrs = n.Attrs
		}
		names := make([]string, len(n.Outputs))
		for i, v := range n.Outputs {
			if v != nil {
				names[i] = v.Name
			}
		}
		k := g.AddNode(n.Op, n.Name, attrs.Clone(), in, names...)
		k.Origin = []string{k.Name}
		for i, v := range n.Outputs {
			if v != nil {
				m[v] = k.Outputs[i]
			} else {
				k.Outputs[i] = nil
			}
		}
	}
	for _, v := range want {
		g.Outputs = append(g.Outputs, m[v])
	}
	return out, reg.InferGraph(g)
}

// needed are the nodes that the wanted values are computed by.
func needed(want []*ir.Value, ch change) map[*ir.Node]bool {
	need := map[*ir.Node]bool{}
	work := slices.Clone(want)
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		n := v.Node()
		if n == nil || need[n] || ch.drop[n] {
			continue
		}
		need[n] = true
		for i, w := range n.Inputs {
			if w != nil && !ch.omit[ir.Use{Node: n, Index: i}] {
				work = append(work, w)
			}
		}
	}
	return need
}
