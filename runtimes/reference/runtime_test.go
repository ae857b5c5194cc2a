package reference_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/runtimes"
	"slipway/runtimes/reference"
)

// chain is y = softmax(a*x) with x [N,3], N symbolic.
func chain(t *testing.T) *ir.Graph {
	t.Helper()
	g := ir.New("chain")
	x := g.AddInput("x", tensor.Float32, ir.Shape{ir.Symbol("N"), ir.Static(3)})
	k := g.AddConst("k", tensor.Of([]float32{1, 2, 3}, 3))
	m := g.AddNode("Mul", "scale", nil, []*ir.Value{x, k}, "scaled")
	s := g.AddNode("Softmax", "soft", ir.Attrs{"axis": int64(1)}, m.Outputs, "y")
	g.Outputs = s.Outputs
	for _, n := range g.Nodes {
		n.Origin = []string{n.Name}
	}
	if err := all.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func runtimeOf(g *ir.Graph) (*reference.Runtime, *int) {
	closed := new(int)
	return reference.New(func(context.Context, string) (*ir.Graph, func() error, error) {
		return g, func() error { *closed++; return nil }, nil
	}, all.Registry()), closed
}

func TestSession(t *testing.T) {
	ctx := context.Background()
	r, closed := runtimeOf(chain(t))
	s, err := r.Open(ctx, runtimes.Model{Path: "m"}, runtimes.Options{Taps: []string{"scaled"}, Profile: true})
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Outputs(); len(o) != 2 || o[1].Name != "scaled" || o[0].Shape[0] != -1 || o[0].Shape[1] != 3 {
		t.Fatalf("outputs %+v", o)
	}
	x := tensor.Of([]float32{0, 0, 0, 1, 1, 1}, 2, 3)
	out, err := s.Run(ctx, []*tensor.Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Close(t, out[1], tensor.Of([]float32{0, 0, 0, 1, 2, 3}, 2, 3), op.Exact)
	testkit.Close(t, out[0], tensor.Of([]float32{1. / 3, 1. / 3, 1. / 3, 0.09003057, 0.24472848, 0.66524094}, 2, 3), op.Elementwise)
	trace, err := s.(runtimes.Tracer).Trace(ctx)
	if err != nil || len(trace) != 2 || trace[1].Layer != "soft" || trace[1].SourceLayers[0] != "soft" {
		t.Fatalf("trace %+v, %v", trace, err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Run(stopped, []*tensor.Tensor{x}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run: %v", err)
	}
	if err := s.Close(); err != nil || *closed != 1 {
		t.Errorf("close: %v, model closed %d times", err, *closed)
	}
	if _, err := s.Run(ctx, []*tensor.Tensor{x}); !errors.Is(err, runtimes.ErrStopped) {
		t.Errorf("run after close: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	g := chain(t)
	r, closed := runtimeOf(g)
	wantRefusal := func(err error, part string) {
		t.Helper()
		var refused *runtimes.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want a refusal with %q", err, part)
		}
	}
	_, err := r.Open(ctx, runtimes.Model{}, runtimes.Options{Taps: []string{"nothing"}})
	wantRefusal(err, `"nothing"`)
	if *closed != 1 {
		t.Errorf("a refused model was closed %d times", *closed)
	}
	_, err = r.Open(ctx, runtimes.Model{}, runtimes.Options{Device: "GPU"})
	wantRefusal(err, `"GPU"`)
	s, err := r.Open(ctx, runtimes.Model{}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for part, in := range map[string][]*tensor.Tensor{
		"0 inputs":    {},
		"is missing":  {nil},
		"is f64":      {tensor.Of(make([]float64, 3), 1, 3)},
		"shape [3]":   {tensor.Of(make([]float32, 3), 3)},
		"shape [1 4]": {tensor.Of(make([]float32, 4), 1, 4)},
	} {
		_, err := s.Run(ctx, in)
		wantRefusal(err, part)
	}
	g.Nodes[0].Op = "NoSuchOperator"
	_, err = r.Open(ctx, runtimes.Model{}, runtimes.Options{})
	wantRefusal(err, "NoSuchOperator")
}

func TestEvalVisitsAndSkips(t *testing.T) {
	g := chain(t)
	var seen []string
	visit := func(v *ir.Value, _ *tensor.Tensor) { seen = append(seen, v.Name) }
	x := []*tensor.Tensor{tensor.Of([]float32{1, 2, 3}, 1, 3)}
	if _, err := reference.Eval(context.Background(), g, all.Registry(), x, nil, visit); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, " "); got != "scaled y" {
		t.Errorf("visited %q", got)
	}
	seen = nil
	out, err := reference.Eval(context.Background(), g, all.Registry(), x, []*ir.Value{g.Nodes[0].Outputs[0]}, visit)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, " "); got != "scaled" {
		t.Errorf("visited %q, want only what the wanted value needs", got)
	}
	testkit.Close(t, out[0], tensor.Of([]float32{1, 4, 9}, 1, 3), op.Exact)
}

// A panic inside an operator ends as an error that names the node.
func TestOperatorPanic(t *testing.T) {
	reg, err := op.NewRegistry([]*op.Def{{
		Name:  "Mul",
		Infer: func(*op.InferCtx) error { return nil },
		Eval:  func(*op.EvalCtx) error { panic("index out of range") },
	}, {
		Name: "Softmax", Infer: func(*op.InferCtx) error { return nil }, Eval: func(*op.EvalCtx) error { return nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = reference.Eval(context.Background(), chain(t), reg, []*tensor.Tensor{tensor.Of([]float32{1, 2, 3}, 1, 3)}, nil, nil)
	var at *op.NodeError
	if !errors.As(err, &at) || at.Node.Name != "scale" {
		t.Errorf("got %v, want an error at node scale", err)
	}
}
