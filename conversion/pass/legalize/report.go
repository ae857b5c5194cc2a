package legalize

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
)

// maxReasons bounds how many different reasons one finding tells.
const maxReasons = 4

// report makes one finding of all nodes of an operator: why the target does not
// take them, the source layers they stand for, and which other targets do.
func report(g *ir.Graph, reg *op.Registry, t target.Target, o target.Options, stuck map[*ir.Node]blocked) diag.List {
	type entry struct {
		finding *diag.Finding
		reasons []string
		nodes   []*ir.Node
	}
	at := map[string]*entry{}
	var order []*entry
	for _, n := range g.Nodes {
		b, ok := stuck[n]
		if !ok {
			continue
		}
		e := at[n.Op]
		if e == nil {
			f := *b.why
			f.Severity, f.Layer, f.Layers = diag.Error, "", nil
			if f.Code == "" {
				f.Code = "target.unsupported-op"
			}
			e = &entry{finding: &f}
			at[n.Op] = e
			order = append(order, e)
		}
		if r := b.reason(n.Op); !slices.Contains(e.reasons, r) {
			e.reasons = append(e.reasons, r)
		}
		e.nodes = append(e.nodes, n)
		e.finding.Layers = append(e.finding.Layers, layersOf(n)...)
	}
	var out diag.List
	for _, e := range order {
		f := e.finding
		f.Text = strings.Join(e.reasons[:min(len(e.reasons), maxReasons)], "; ")
		if more := len(e.reasons) - maxReasons; more > 0 {
			f.Text += fmt.Sprintf("; and %d more reasons", more)
		}
		slices.Sort(f.Layers)
		f.Layers = slices.Compact(f.Layers)
		if len(f.Layers) == 1 {
			f.Layer = f.Layers[0]
		}
		if f.Suggestion == "" {
			advise(f, reg, t, o, e.nodes)
		}
		out = append(out, f)
	}
	return out
}

// reason is the target's with the operator's name, and why no simpler form
// helps: that is what would be needed.
func (b blocked) reason(name string) string {
	text := b.why.Text
	if !strings.Contains(text, name) {
		text = name + ": " + text
	}
	if b.note != "" {
		text += " (in simpler operators: " + b.note + ")"
	}
	return text
}

// advise says which of the other targets take all the nodes.
func advise(f *diag.Finding, reg *op.Registry, t target.Target, o target.Options, nodes []*ir.Node) {
	if len(o.Others) == 0 {
		_ = f.Suggest("choose another target than %s, or change these layers in the model", t.Info().Brief())
		return
	}
	var names []string
	for _, other := range o.Others {
		i := other.Info()
		if i.Name != t.Info().Name && holds(reg, other, nodes) {
			names = append(names, i.Brief())
		}
	}
	switch last := len(names) - 1; last {
	case -1:
		_ = f.Suggest("no target takes this: change these layers in the model")
	case 0:
		_ = f.Suggest("%s takes it; or change these layers in the model", names[0])
	default:
		_ = f.Suggest("%s and %s take it; or change these layers in the model", strings.Join(names[:last], ", "), names[last])
	}
}

// maxAsked bounds how many nodes of an operator another target is asked about.
const maxAsked = 16

// holds reports whether t can write each of the nodes, as it is or in other
// operators.
func holds(reg *op.Registry, t target.Target, nodes []*ir.Node) bool {
	for _, n := range nodes[:min(len(nodes), maxAsked)] {
		if t.Legal(n, target.Options{}) == nil {
			continue
		}
		if len(n.Bodies()) > 0 {
			return false
		}
		g, err := alone(reg, n)
		if err != nil || Run(context.Background(), g, reg, t, target.Options{}).Err() != nil {
			return false
		}
	}
	return true
}

// alone is a graph of a copy of n: its inputs are the graph's, its constants are
// its own.
func alone(reg *op.Registry, n *ir.Node) (*ir.Graph, error) {
	g := ir.New("alone")
	in := make([]*ir.Value, len(n.Inputs))
	for i, v := range n.Inputs {
		switch {
		case v == nil:
		case v.IsConst():
			in[i] = g.AddConst(v.Name, v.Const)
		default:
			in[i] = g.AddInput(v.Name, v.DType, v.Shape.Clone())
			in[i].Elem, in[i].Content = v.Elem, v.Content
		}
	}
	names := make([]string, len(n.Outputs))
	for i, v := range n.Outputs {
		if v != nil {
			names[i] = v.Name
		}
	}
	c := g.AddNode(n.Op, n.Name, maps.Clone(n.Attrs), in, names...)
	for i, v := range n.Outputs {
		if v == nil {
			c.Outputs[i] = nil
			continue
		}
		g.Outputs = append(g.Outputs, c.Outputs[i])
	}
	return g, reg.Infer(c)
}

func layersOf(n *ir.Node) []string {
	if len(n.Origin) > 0 {
		return n.Origin
	}
	return []string{n.Name}
}
