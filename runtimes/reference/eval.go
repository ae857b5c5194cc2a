package reference

import (
	"context"
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Program is a graph prepared for evaluation: which nodes are needed, and after
// which node each value is no longer read. It is immutable and may be run from
// several goroutines at once; the graph must not change meanwhile.
type Program struct {
	graph *ir.Graph
	reg   *op.Registry
	want  []*ir.Value
	nodes []*ir.Node
	frees [][]*ir.Value // by node: values whose last reader it is
}

// Prepare plans the evaluation of the wanted values of g. Nodes on which none
// of them depends are left out. An operator that reg lacks is an error.
func Prepare(g *ir.Graph, reg *op.Registry, want []*ir.Value) (*Program, error) {
	p := &Program{graph: g, reg: reg, want: want}
	needed := map[*ir.Node]bool{}
	var stack []*ir.Node
	need := func(v *ir.Value) {
		if v != nil && v.Node() != nil && !needed[v.Node()] {
			needed[v.Node()] = true
			stack = append(stack, v.Node())
		}
	}
	for _, v := range want {
		need(v)
	}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, v := range n.Inputs {
			need(v)
		}
	}
	for _, n := range g.Nodes {
		if !needed[n] {
			continue
		}
		if reg.Get(n.Op) == nil {
			return nil, &op.NodeError{Node: n, Err: fmt.Errorf("unknown operator %q", n.Op)}
		}
		p.nodes = append(p.nodes, n)
	}
	p.plan()
	return p, nil
}

// plan finds the last reader of every value that is not wanted.
func (p *Program) plan() {
	keep := map[*ir.Value]bool{}
	for _, v := range p.want {
		keep[v] = true
	}
	p.frees = make([][]*ir.Value, len(p.nodes))
	seen := map[*ir.Value]bool{}
	for i := len(p.nodes) - 1; i >= 0; i-- {
		n := p.nodes[i]
		for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
			for _, v := range list {
				if v != nil && !seen[v] && !keep[v] && !v.IsConst() {
					seen[v] = true
					p.frees[i] = append(p.frees[i], v)
				}
			}
		}
	}
}

// Hooks observe a run. Any field may be nil.
type Hooks struct {
	// Visit gets every value that a node computed, as soon as it is there.
	Visit func(*ir.Value, *tensor.Tensor)
	// Before and After enclose each node.
	Before, After func(*ir.Node)
}

// Run evaluates the program. inputs are in the order of the graph's inputs; one
// that no needed node reads may be nil. The context is looked at
// between nodes and between the iterations of loops.
func (p *Program) Run(ctx context.Context, inputs []*tensor.Tensor, h Hooks) ([]*tensor.Tensor, error) {
	if len(inputs) != len(p.graph.Inputs) {
		return nil, fmt.Errorf("%d inputs given, the graph has %d", len(inputs), len(p.graph.Inputs))
	}
	live := map[*ir.Value]*tensor.Tensor{}
	for i, v := range p.graph.Inputs {
		if inputs[i] != nil {
			live[v] = inputs[i]
		}
	}
	for i, n := range p.nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.step(ctx, n, live, h); err != nil {
			return nil, err
		}
		for _, v := range p.frees[i] {
			delete(live, v)
		}
	}
	out := make([]*tensor.Tensor, len(p.want))
	for i, v := range p.want {
		t, err := lookup(live, v)
		if err != nil {
			return nil, err
		}
		out[i] = t
	}
	return out, nil
}

func lookup(live map[*ir.Value]*tensor.Tensor, v *ir.Value) (*tensor.Tensor, error) {
	if v.IsConst() {
		return v.Const, nil
	}
	if t := live[v]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("value %q has no elements", v.Name)
}

func (p *Program) step(ctx context.Context, n *ir.Node, live map[*ir.Value]*tensor.Tensor, h Hooks) error {
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		var err error
		if in[i], err = lookup(live, v); err != nil {
			return &op.NodeError{Node: n, Err: err}
		}
	}
	if h.Before != nil {
		h.Before(n)
	}
	out, err := p.evalNode(ctx, n, in)
	if err != nil {
		return err
	}
	if h.After != nil {
		h.After(n)
	}
	for i, v := range n.Outputs {
		if v == nil || out[i] == nil {
			continue
		}
		live[v] = out[i]
		if h.Visit != nil {
			h.Visit(v, out[i])
		}
	}
	return nil
}

// evalNode turns a panic in an operator into an error: no input may stop the
// program.
func (p *Program) evalNode(ctx context.Context, n *ir.Node, in []*tensor.Tensor) (out []*tensor.Tensor, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &op.NodeError{Node: n, Err: fmt.Errorf("operator failed: %v", r)}
		}
	}()
	return p.reg.EvalNodeIn(op.Env{Context: ctx}, n, in)
}

// Eval computes the wanted values of g (nil: its outputs) from inputs in the
// order of the graph's inputs. visit, if not nil, gets every intermediate value.
func Eval(ctx context.Context, g *ir.Graph, reg *op.Registry, inputs []*tensor.Tensor, want []*ir.Value, visit func(*ir.Value, *tensor.Tensor)) ([]*tensor.Tensor, error) {
	if want == nil {
		want = g.Outputs
	}
	p, err := Prepare(g, reg, want)
	if err != nil {
		return nil, err
	}
	return p.Run(ctx, inputs, Hooks{Visit: visit})
}
