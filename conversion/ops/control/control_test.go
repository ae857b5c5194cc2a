package control_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/ops/control"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func parse(t *testing.T, lines string) *ir.Graph {
	t.Helper()
	g, err := ir.Parse("graph g {\n" + lines + "\n}")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

const forever = `input %x : f32[2]
	%y : ?[?] = Loop(_, _, %x) {body=graph b {
		input %i : ?[?]
		input %go : ?[?]
		input %s : ?[?]
		%t : ?[?] = Neg(%s) @neg
		output %go
		output %t
	}} @loop
	output %y`

func TestEndlessLoop(t *testing.T) {
	reg := all.Registry()
	g := parse(t, forever)
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	n, x := g.Nodes[0], tensor.Of([]float32{1, 2}, 2)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := reg.EvalNodeIn(op.Env{Context: ctx}, n, []*tensor.Tensor{nil, nil, x}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	_, err := reg.EvalNodeIn(op.Env{Trips: 50}, n, []*tensor.Tensor{nil, nil, x})
	if err == nil || !strings.Contains(err.Error(), "does not end after 50") {
		t.Errorf("bounded: %v", err)
	}
	if l := (op.Env{Trips: 1 << 40}).Limit(); l != op.MaxTrips {
		t.Errorf("the limit is %d", l)
	}
	// A context that ends while the loop runs ends the loop.
	ctx, stop := context.WithCancel(context.Background())
	rounds := 0
	counting := &op.Def{
		Name: "Neg", Doc: "Counts.", Family: "test", Inputs: op.In("x"), Outputs: op.In("y"),
		Infer: func(c *op.InferCtx) error { c.Set(0, c.InType(0), c.InShape(0)); return nil },
		Eval: func(c *op.EvalCtx) error {
			if rounds++; rounds == 7 {
				stop()
			}
			c.Out[0] = c.Arg(0)
			return nil
		},
	}
	own, err := op.NewRegistry(control.Defs, []*op.Def{counting})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.EvalNodeIn(op.Env{Context: ctx}, n, []*tensor.Tensor{nil, nil, x}); !errors.Is(err, context.Canceled) || rounds != 7 {
		t.Errorf("stopped after %d rounds: %v", rounds, err)
	}
}

// TestBadBodies: bodies that do not fit their node are errors of inference and
// of arithmetic, never a panic.
func TestBadBodies(t *testing.T) {
	const (
		two  = "graph b {\n input %i : ?[?]\n input %go : ?[?]\n"
		step = "graph b {\n input %h : ?[?]\n input %x : ?[?]\n"
	)
	for _, c := range []struct{ node, want string }{
		{"%y : ?[?] = Loop(%m, _, %x) {body=" + two + "output %go\n}} @n", "its body has 2 inputs, needs 3"},
		{"%y : ?[?] = Loop(%m, _, %x) {body=" + two + "input %s : ?[?]\noutput %go\n}} @n", "1 outputs for a condition and 1 states"},
		{"%y : ?[?], %z : ?[?] = Loop(%m, _, %x) {body=" + two + "input %s : ?[?]\noutput %go\noutput %s\n}} @n", "has 2 outputs, its body makes 1"},
		{"%y : ?[?] = Loop(%m, _, %x) @n", "has no body"},
		{"%y : ?[?] = Loop(%m, _, %x) {body=" + two + "input %s : ?[?]\n%t : ?[?] = Cast(%s) {to=7} @c\noutput %go\noutput %t\n}} @n", "not the same type"},
		{"%y : ?[?] = Loop(%m, _, %x) {body=" + two + "input %s : ?[?]\n%t : ?[?] = Nonsense(%s) @c\noutput %go\noutput %t\n}} @n", "unknown operator"},
		{"%y : ?[?] = Scan(%x, %x) {num_scan_inputs=3, body=" + step + "output %h\n}} @n", "has 3 scanned inputs of 2"},
		{"%y : ?[?] = Scan(%x, %x) {num_scan_inputs=1, body=graph b {\n input %h : ?[?]\n output %h\n}} @n", "its body has 1 inputs for 2"},
		{"%y : ?[?] = Scan(%x, %x) {num_scan_inputs=1, scan_input_axes=[3], body=" + step + "output %h\n}} @n", "axis 3"},
		{"%y : ?[?] = Scan(%x, %x) {num_scan_inputs=1, scan_input_axes=[0,0], body=" + step + "output %h\n}} @n", "2 elements for 1"},
		{"%y : ?[?] = If(%c, %x) {captured_inputs=1, then_branch=graph t {\n input %a : ?[?]\n output %a\n}} @n", "has no else_branch"},
		{"%y : ?[?] = If(%c) {then_branch=graph t {\n input %a : ?[?]\n output %a\n}, else_branch=graph e {\n input %a : ?[?]\n output %a\n}} @n", "has 1 inputs and is given 0"},
		{"%y : ?[?], %z : ?[?] = If(%c, %x) {captured_inputs=1, then_branch=graph t {\n input %a : ?[?]\n output %a\n}, else_branch=graph e {\n input %a : ?[?]\n output %a\n}} @n", "1 outputs, the node 2"},
	} {
		g := parse(t, "input %x : f32[2,3]\ninput %m : i64[]\ninput %c : bool[]\n"+c.node+"\noutput %y")
		reg := all.Registry()
		n := g.Nodes[0]
		if err := reg.Infer(n); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: inference says %v, want %q", c.node, err, c.want)
		}
		feeds := map[string]*tensor.Tensor{"x": tensor.New(tensor.Float32, 2, 3), "m": tensor.Scalar(int64(2)), "c": tensor.Scalar(true)}
		var in []*tensor.Tensor
		for _, v := range n.Inputs {
			if v == nil {
				in = append(in, nil)
				continue
			}
			in = append(in, feeds[v.Name])
		}
		if _, err := reg.EvalNode(n, in); err == nil && c.want != "not the same type" {
			t.Errorf("%s: arithmetic accepts it", c.node)
		}
	}
}

func TestNesting(t *testing.T) {
	text := "output %x\n"
	for i := range ir.MaxBodyNest + 3 {
		text = fmt.Sprintf("%%y : ?[?] = If(%%c, %%c, %%x) {captured_inputs=2, then_branch=graph t {\ninput %%c : ?[?]\ninput %%x : ?[?]\n%s}, else_branch=graph e {\ninput %%c : ?[?]\ninput %%x : ?[?]\noutput %%x\n}} @n%d\noutput %%y\n", text, i)
	}
	_, err := ir.Parse("graph g {\ninput %c : bool[]\ninput %x : f32[2]\n" + text + "}")
	if err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("got %v", err)
	}
	// A body that holds itself cannot be written down; arithmetic ends all the same.
	g := parse(t, "input %c : bool[]\ninput %x : f32[2]\n%y : ?[?] = If(%c, %c, %x) {captured_inputs=2, then_branch=graph t {\ninput %c : ?[?]\ninput %x : ?[?]\n%y : ?[?] = If(%c, %c, %x) {captured_inputs=2, then_branch=graph u {\ninput %c : ?[?]\ninput %x : ?[?]\noutput %x\n}, else_branch=graph v {\ninput %c : ?[?]\ninput %x : ?[?]\noutput %x\n}} @inner\noutput %y\n}, else_branch=graph e {\ninput %c : ?[?]\ninput %x : ?[?]\noutput %x\n}} @outer\noutput %y")
	outer := g.Nodes[0]
	outer.Graph("then_branch").Nodes[0].Attrs["then_branch"] = outer.Graph("then_branch")
	if err := ir.Check(g); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("the check says %v", err)
	}
	yes := tensor.Scalar(true)
	if _, err := all.Registry().EvalNode(outer, []*tensor.Tensor{yes, yes, tensor.New(tensor.Float32, 2)}); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("arithmetic says %v", err)
	}
}

// TestDecompositions: what loops become computes the same; what has no known
// length says so.
func TestDecompositions(t *testing.T) {
	reg := all.Registry()
	for _, c := range testkit.ControlCases {
		g := c.Graph(t, reg)
		_, err := testkit.Decomposed(reg, g)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	g := parse(t, `input %x : f32[2]
	const %m : i64[] = [100000]
	%y : ?[?] = Loop(%m, _, %x) {body=graph b {
		input %i : ?[?]
		input %go : ?[?]
		input %s : ?[?]
		%t : ?[?] = Neg(%s) @neg
		output %go
		output %t
	}} @loop
	output %y`)
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	p := g.Edit("test", reg.Infer)
	if err := reg.Decompose(p, g.Nodes[0]); !errors.Is(err, op.ErrNoDecomposition) || !strings.Contains(err.Error(), "100000 iterations") {
		t.Errorf("got %v", err)
	}
}

// TestSelect: a branch that is not decided becomes a selection where both give
// the same shape, and stays where one must not be computed in vain.
func TestSelect(t *testing.T) {
	reg := all.Registry()
	const form = `input %%c : bool[1]
	input %%x : f32[3]
	input %%i : i64[]
	%%y : ?[?] = If(%%c, %%x, %%i) {captured_inputs=2, then_branch=graph t {
		input %%x : ?[?]
		input %%i : ?[?]
		%%a : ?[?] = %s @then
		output %%a
	}, else_branch=graph e {
		input %%x : ?[?]
		input %%i : ?[?]
		%%b : ?[?] = Neg(%%x) @neg
		output %%b
	}} @if
	output %%y`
	for body, selects := range map[string]bool{"Sqrt(%x)": true, "Gather(%x, %i)": false, "Concat(%x, %x) {axis=0}": false} {
		g := parse(t, fmt.Sprintf(form, body))
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		changed, err := testkit.Decomposed(reg, g)
		if err != nil || changed != selects {
			t.Errorf("%s: changed %v, %v", body, changed, err)
		}
		if !selects {
			continue
		}
		for _, c := range []bool{true, false} {
			feeds := map[string]*tensor.Tensor{"c": tensor.Of([]bool{c}, 1), "x": tensor.Of([]float32{4, 9, -1}, 3), "i": tensor.Scalar(int64(0))}
			want := tensor.Of([]float32{-4, -9, 1}, 3)
			got := testkit.Compute(t, g, reg, feeds)[0]
			if c {
				got, want = tensor.Of(tensor.View[float32](got)[:2], 2), tensor.Of([]float32{2, 3}, 2)
			}
			testkit.Close(t, got, want, op.Exact)
		}
	}
}
