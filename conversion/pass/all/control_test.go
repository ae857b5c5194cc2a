package all_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestControlFlow simplifies graphs with bodies, as they are and with every set
// of inputs made constant, so that branches are decided and loops come to an end:
// the results stay, and what is left of a decided graph has no bodies.
func TestControlFlow(t *testing.T) {
	reg := ops.Registry()
	for _, c := range slices.Concat(testkit.ControlCases, testkit.ControlShared, []testkit.ControlCase{testkit.ControlGrowing}) {
		for k, feeds := range c.Feeds {
			inputs := len(c.Graph(t, reg).Inputs)
			for set := range 1 << inputs {
				g := c.Graph(t, reg)
				name := fmt.Sprintf("%s, feed %d, constants %b", c.Name, k, set)
				want := testkit.Compute(t, g, reg, feeds)
				open := bind(t, g, reg, feeds, set)
				if _, err := all.Simplify(context.Background(), g, reg, nil, nil, nil, nil); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for i, got := range testkit.Compute(t, g, reg, open) {
					if err := testkit.Compare(got, want[i], op.Elementwise); err != nil {
						t.Errorf("%s: output %d: %v", name, i, err)
					}
				}
				if set == 1<<inputs-1 && len(g.Nodes) > len(g.Outputs) {
					t.Errorf("%s: is left as\n%s", name, ir.Text(g))
				}
			}
		}
	}
}

// bind makes the inputs whose bit is in set constants, and returns the feeds of
// the others.
func bind(t *testing.T, g *ir.Graph, reg *op.Registry, feeds map[string]*tensor.Tensor, set int) map[string]*tensor.Tensor {
	t.Helper()
	open := map[string]*tensor.Tensor{}
	p := g.Edit("bind", reg.Infer)
	var left []*ir.Value
	for i, v := range g.Inputs {
		if set>>i&1 == 0 {
			open[v.Name] = feeds[v.Name]
			left = append(left, v)
			continue
		}
		p.Replace(v, p.Const(v.Name+"_bound", feeds[v.Name]))
	}
	if err := p.Done(); err != nil {
		t.Fatal(err)
	}
	g.Inputs = left
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return open
}
