package legalize

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// only is a target that knows the operators of the set.
type only map[string]bool

func (only) Info() target.Info { return target.Info{Name: "only", Title: "Only"} }

func (o only) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	if o[n.Op] {
		return nil
	}
	return diag.Errorf("target.unsupported-op", "%s has no equivalent", n.Op)
}

func (only) Prepare(context.Context, *ir.Graph, *op.Registry, target.Options) (diag.List, error) {
	return nil, nil
}

func (only) Write(context.Context, *ir.Graph, string, target.Options) (*target.Artefact, error) {
	return nil, nil
}

func registry(t *testing.T) *op.Registry {
	t.Helper()
	infer := func(c *op.InferCtx) error { c.Set(0, c.InType(0), c.InShape(0)); return nil }
	eval := func(*op.EvalCtx) error { return fmt.Errorf("not evaluated") }
	def := func(name string, d func(*op.Builder) ([]*ir.Value, error)) *op.Def {
		return &op.Def{Name: name, Infer: infer, Eval: eval, Decompose: d}
	}
	to := func(names ...string) func(*op.Builder) ([]*ir.Value, error) {
		return func(b *op.Builder) ([]*ir.Value, error) {
			v := b.In(0)
			for _, n := range names {
				v = b.Op(n, nil, v)
			}
			return []*ir.Value{v}, nil
		}
	}
	r, err := op.NewRegistry([]*op.Def{
		def("Prim", nil), def("Other", nil), def("Two", to("One", "One")), def("One", to("Prim")),
		def("Half", to("Prim", "Other")), def("Loops", to("Loops")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func chain(ops ...string) *ir.Graph {
	g := ir.New("chain")
	v := g.AddInput("x", tensor.Float32, ir.Dims(2))
	for i, o := range ops {
		n := g.AddNode(o, fmt.Sprintf("layer%d", i), nil, []*ir.Value{v}, fmt.Sprintf("t%d", i))
		n.Origin = []string{n.Name}
		v = n.Outputs[0]
		v.DType, v.Shape = tensor.Float32, ir.Dims(2)
	}
	g.Outputs = []*ir.Value{v}
	return g
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		legal  only
		ops    []string
		want   []string // operators afterwards
		layers [][]string
	}{
		{"nothing to do", only{"Two": true}, []string{"Two"}, []string{"Two"}, nil},
		{"two steps", only{"Prim": true}, []string{"Two", "Prim"}, []string{"Prim", "Prim", "Prim"}, nil},
		{"stops at what is legal", only{"Prim": true, "One": true}, []string{"Two"}, []string{"One", "One"}, nil},
		{"one finding a kind", only{"Prim": true}, []string{"Half", "Other", "Half"}, nil, [][]string{{"layer0", "layer1", "layer2"}}},
		{"a loop ends", only{"Prim": true}, []string{"Loops"}, nil, [][]string{{"layer0"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := chain(c.ops...)
			got := Run(context.Background(), g, registry(t), c.legal, target.Options{})
			if len(got) != len(c.layers) {
				t.Fatalf("findings %v, want %d", got, len(c.layers))
			}
			for i, f := range got {
				if fmt.Sprint(f.Layers) != fmt.Sprint(c.layers[i]) || f.Severity != diag.Error {
					t.Errorf("finding %d is about %v, want %v", i, f.Layers, c.layers[i])
				}
			}
			if c.want == nil {
				return
			}
			var ops []string
			for _, n := range g.Nodes {
				ops = append(ops, n.Op)
				if len(n.Origin) == 0 {
					t.Errorf("node %q lost its origin", n.Name)
				}
			}
			if fmt.Sprint(ops) != fmt.Sprint(c.want) {
				t.Errorf("operators %v, want %v", ops, c.want)
			}
			if err := ir.Check(g); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOriginalOperator: a finding about what a layer became names the layer's own
// operator and why it ended there.
func TestOriginalOperator(t *testing.T) {
	g, err := ir.Parse(`graph g {
	input %x : f32[T,1,2]
	const %w : f32[1,3,2] = noise(1)
	const %r : f32[1,3,3] = noise(2)
	%y : ?[?] = RNN(%x, %w, %r) @layer
	output %y
}`)
	if err != nil {
		t.Fatal(err)
	}
	reg := ops.Registry()
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	l := Run(context.Background(), g, reg, only{"MatMul": true, "Unsqueeze": true}, target.Options{})
	if len(l) != 1 || !strings.Contains(l[0].Text, "made of RNN; the number of steps is not known") || l[0].Layer != "layer" {
		t.Errorf("got %v", l)
	}
}
