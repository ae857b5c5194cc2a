package control

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var ifDef = &op.Def{
	Name: "If", Doc: "Computes one of two graphs, as a condition says.", Family: family,
	Inputs: inputs(op.Param{Name: "cond"}), Outputs: op.Variadic("outputs"),
	Attrs:      []op.Attr{subgraph("then_branch"), subgraph("else_branch"), captured()},
	Containers: true,
	Infer:      inferIf,
	Eval:       evalIf,
	Decompose:  decomposeIf,
}

func branches(n *ir.Node) (list [2]*ir.Graph, err error) {
	for i, name := range []string{"else_branch", "then_branch"} {
		if list[i], err = body(n, name); err != nil {
			return list, err
		}
		if len(list[i].Outputs) < len(n.Outputs) {
			return list, fmt.Errorf("%s has %d outputs, the node %d", name, len(list[i].Outputs), len(n.Outputs))
		}
	}
	return list, nil
}

func inferIf(c *op.InferCtx) error {
	b, err := branches(c.Node)
	if err != nil {
		return err
	}
	cond, known := constBool(c.In(0))
	for i, g := range b {
		if known && cond != (i == 1) {
			continue // never taken: it may not even fit
		}
		t, content := types(c.Inputs[len(c.Inputs)-c.Captured():])
		if err := c.InferBody(g, t, content); err != nil {
			return err
		}
	}
	o := newOutward(c.Node)
	for i, v := range c.Outputs {
		if v == nil {
			continue
		}
		no, yes := b[0].Outputs[i], b[1].Outputs[i]
		t := yes.Type()
		switch {
		case known && !cond:
			t = no.Type()
		case !known:
			if t, err = yes.Type().Join(no.Type(), fresh(c.Node, v.Name)); err != nil {
				return fmt.Errorf("output %d: %w", i, err)
			}
		}
		c.SetType(i, o.typ(t, v))
	}
	return nil
}

func evalIf(c *op.EvalCtx) error {
	b, err := branches(c.Node)
	if err != nil {
		return err
	}
	cond, err := oneBool(c.Arg(0))
	if err != nil {
		return err
	}
	g := b[0]
	if cond {
		g = b[1]
	}
	out, err := c.RunBody(g, c.In[len(c.In)-c.Captured():])
	if err != nil {
		return err
	}
	copy(c.Out, out)
	return nil
}

// decomposeIf puts the branch in the node's place where the condition is
// constant. Else it computes both branches and selects, where both give tensors
// of the same shape and neither can fail for inputs that are meant for the
// other.
func decomposeIf(b *op.Builder) ([]*ir.Value, error) {
	g, err := branches(b.Node)
	if err != nil {
		return nil, err
	}
	args := b.Inputs[len(b.Inputs)-b.Captured():]
	if cond, known := constBool(b.In(0)); known {
		if cond {
			return b.Patch.Inline(g[1], args, b.Node, nil), nil
		}
		return b.Patch.Inline(g[0], args, b.Node, nil), nil
	}
	for i, v := range b.Outputs {
		if v == nil {
			continue
		}
		no, yes := g[0].Outputs[i], g[1].Outputs[i]
		if v.IsContainer() || !no.Shape.Equal(yes.Shape) {
			return nil, fmt.Errorf("the condition is not constant, and the branches make %v and %v: %w", yes.Type(), no.Type(), op.ErrNoDecomposition)
		}
	}
	for _, x := range g {
		if why := unsafe(x); why != "" {
			return nil, fmt.Errorf("the condition is not constant, and %s: %w", why, op.ErrNoDecomposition)
		}
	}
	cond := b.Op("Reshape", nil, b.In(0), b.Ints())
	no, yes := b.Patch.Inline(g[0], args, b.Node, nil), b.Patch.Inline(g[1], args, b.Node, nil)
	out := make([]*ir.Value, len(b.Outputs))
	for i, v := range b.Outputs {
		if v != nil {
			out[i] = b.Op("Where", nil, cond, yes[i], no[i])
		}
	}
	return out, nil
}

// indexed are the operators that fail for indices out of range, with the input
// that holds these.
var indexed = map[string]int{"Gather": 1, "GatherElements": 1, "GatherND": 1, "ScatterElements": 1, "ScatterND": 1, "Reshape": 1, "Expand": 1, "Tile": 1}

// unsafe says which node of g could fail, or differ from run to run, where the
// condition says that it is not to be computed; "" where none could.
func unsafe(g *ir.Graph) string {
	for _, n := range g.Nodes {
		i, ok := indexed[n.Op]
		switch {
		case len(n.Bodies()) > 0, ok && !n.In(i).IsConst(),
			(n.Op == "Div" || n.Op == "Mod") && n.Out(0).DType.IsInt() && !n.In(1).IsConst():
			return fmt.Sprintf("%q (%s) in a branch must not be computed in vain", n.Name, n.Op)
		case len(n.Op) > 6 && n.Op[:6] == "Random", n.Op == "Bernoulli", n.Op == "Multinomial":
			return fmt.Sprintf("%q (%s) in a branch is random", n.Name, n.Op)
		}
	}
	return ""
}
