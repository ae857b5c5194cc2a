package onnx

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/source"
)

func zoo(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("STUDIO_ZOO")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "../../../../shared/zoo")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the test models are not there: %v", err)
	}
	return dir
}

// loose is a registry whose operators accept anything and infer only the element
// type: enough to test reading without the operators' own rules.
func loose(t testing.TB, names ...string) *op.Registry {
	t.Helper()
	var defs []*op.Def
	for _, n := range names {
		defs = append(defs, &op.Def{
			Name: n,
			Infer: func(c *op.InferCtx) error {
				for i := range c.Outputs {
					c.Set(i, c.InType(0), c.InShape(0))
				}
				return nil
			},
			Eval: func(c *op.EvalCtx) error { return nil },
			FromONNX: func(s *op.Src) error {
				attrs := ir.Attrs{}
				for _, a := range []string{"value", "alpha", "to", "axis", "then_branch", "else_branch", ir.CapturedAttr} {
					if v, ok := s.Raw(a); ok {
						attrs[a] = v
					}
				}
				return s.Lower(n, attrs, s.Inputs...)
			},
		})
	}
	r, err := op.NewRegistry(defs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOpenZoo(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(zoo(t), "*", "*.onnx"))
	if len(files) == 0 {
		t.Fatal("no models")
	}
	for _, f := range files {
		m, err := Source{}.Open(context.Background(), f, source.Options{Registry: loose(t), KeepUnknown: true})
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		t.Logf("%s: %s, %s, %d nodes, inputs %v%v, %d findings", filepath.Base(f), m.Version, m.Producer, len(m.Graph.Nodes),
			m.Graph.Inputs[0].Name, m.Graph.Inputs[0].Shape, len(m.Findings))
		if err := ir.Check(m.Graph); err != nil {
			t.Error(err)
		}
		for _, o := range m.Graph.Outputs {
			t.Log("  ", o.Name, o.DType, o.Shape)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
