package randomgraph

import (
	"fmt"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Case is a graph with values for its inputs, by name. The graph is inferred.
type Case struct {
	Seed  uint64 // what it was drawn from, 0 where it was read
	Graph *ir.Graph
	Feeds map[string]*tensor.Tensor

	have map[*ir.Value]*tensor.Tensor // every value of Graph, once computed
}

// values computes every value of the graph, once.
func (c *Case) values(reg *op.Registry) (map[*ir.Value]*tensor.Tensor, error) {
	if c.have == nil {
		have, err := eval(reg, c.Graph, c.Feeds, nil)
		if err != nil {
			return nil, err
		}
		c.have = have
	}
	return c.have, nil
}

// Clone copies the structure; tensors are shared.
func (c *Case) Clone() *Case {
	f := make(map[string]*tensor.Tensor, len(c.Feeds))
	for k, v := range c.Feeds {
		f[k] = v
	}
	return &Case{Seed: c.Seed, Graph: c.Graph.Clone(), Feeds: f}
}

// Text is the case as text, which ParseCase reads: the graph, then one of
// constants alone that holds the inputs' values.
func (c *Case) Text() string {
	f := ir.New("feeds")
	for _, v := range c.Graph.Inputs {
		if x := c.Feeds[v.Name]; x != nil {
			f.Outputs = append(f.Outputs, f.AddConst(v.Name, x))
		}
	}
	return ir.Text(c.Graph) + "\n" + ir.Text(f)
}

// ParseCase reads what Text prints. Lines before the first that starts with
// "graph " are a comment.
func ParseCase(text string, reg *op.Registry) (*Case, error) {
	at := strings.Index("\n"+text, "\ngraph ")
	if at < 0 {
		return nil, fmt.Errorf("the case has no graph")
	}
	main, rest, ok := strings.Cut(text[at:], "\ngraph feeds ")
	if !ok {
		return nil, fmt.Errorf("the case has no values for its inputs")
	}
	g, err := ir.Parse(main)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	f, err := ir.Parse("graph feeds " + rest)
	if err != nil {
		return nil, fmt.Errorf("feeds: %w", err)
	}
	c := &Case{Graph: g, Feeds: map[string]*tensor.Tensor{}}
	for _, v := range f.Outputs {
		c.Feeds[v.Name] = v.Const
	}
	for _, v := range g.Inputs {
		if c.Feeds[v.Name] == nil {
			return nil, fmt.Errorf("input %q has no value", v.Name)
		}
	}
	return c, reg.InferGraph(g)
}

// eval computes every value of g with the reference arithmetic. after, if not
// nil, may change a node's results before they are read.
func eval(reg *op.Registry, g *ir.Graph, feeds map[string]*tensor.Tensor, after func(*ir.Node, []*tensor.Tensor)) (map[*ir.Value]*tensor.Tensor, error) {
	have := make(map[*ir.Value]*tensor.Tensor, len(g.Nodes)+len(g.Inputs))
	for _, v := range g.Inputs {
		if have[v] = feeds[v.Name]; have[v] == nil {
			return nil, fmt.Errorf("input %q has no value", v.Name)
		}
	}
	for _, v := range g.Outputs {
		if v.IsConst() {
			have[v] = v.Const
		}
	}
	for _, n := range g.Nodes {
		in := make([]*tensor.Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			switch {
			case v == nil:
			case v.IsConst():
				in[i] = v.Const
			default:
				in[i] = have[v]
			}
		}
		out, err := reg.EvalNode(n, in)
		if err != nil {
			return nil, err
		}
		if after != nil {
			after(n, out)
		}
		for i, v := range n.Outputs {
			if v == nil {
				continue
			}
			if have[v] = out[i]; out[i] == nil {
				return nil, &op.NodeError{Node: n, Err: fmt.Errorf("output %d was not computed", i)}
			}
		}
	}
	return have, nil
}

// results are the graph's outputs.
func results(g *ir.Graph, have map[*ir.Value]*tensor.Tensor) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		out[i] = have[v]
	}
	return out
}
