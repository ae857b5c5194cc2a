package all

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// outside is what the older cases use and this program does not read.
var outside = []string{"Sequence", "StringNormalizer", "Gradient", "Shrink", "Softsign"}

// TestOlderCases reads the conformance models that PyTorch's first exporter
// wrote (operator set 6) and the simple ones, simplifies them and computes them:
// the outputs are those that ship with the models.
func TestOlderCases(t *testing.T) {
	out, err := exec.Command(testkit.Python(t), "-c", "import importlib.util as u; print(u.find_spec('onnx').submodule_search_locations[0])").Output()
	if err != nil {
		t.Skip("the Python package onnx is absent")
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "backend", "test", "data")
	ran := 0
	for _, folder := range []string{"pytorch-converted", "pytorch-operator", "simple"} {
		models, _ := filepath.Glob(filepath.Join(root, folder, "*", "model.onnx"))
		for _, model := range models {
			dir := filepath.Join(filepath.Dir(model), "test_data_set_0")
			m, err := onnx.Source{}.Open(context.Background(), model, source.Options{Registry: ops.Registry()})
			if err != nil {
				if !slices.ContainsFunc(outside, func(s string) bool { return strings.Contains(err.Error(), s) }) {
					t.Errorf("%v", err)
				}
				continue
			}
			defer m.Close()
			feeds := map[string]*tensor.Tensor{}
			for i, v := range m.Graph.Inputs {
				feeds[v.Name] = proto(t, filepath.Join(dir, "input_"+string(rune('0'+i))+".pb"))
			}
			if slices.ContainsFunc(m.Graph.Inputs, func(v *ir.Value) bool { return feeds[v.Name] == nil }) {
				continue
			}
			if _, err := Simplify(context.Background(), m.Graph, ops.Registry(), nil, nil, nil, nil); err != nil {
				t.Errorf("%s: %v", model, err)
				continue
			}
			for i, got := range testkit.Compute(t, m.Graph, ops.Registry(), feeds) {
				want := proto(t, filepath.Join(dir, "output_"+string(rune('0'+i))+".pb"))
				if err := testkit.Compare(got, want, op.Tolerance{Abs: 1e-4, Rel: 1e-4}); err != nil {
					t.Errorf("%s: output %d: %v", model, i, err)
				}
			}
			ran++
		}
	}
	t.Logf("%d models", ran)
	if ran < 80 {
		t.Errorf("only %d models ran", ran)
	}
}

func proto(t *testing.T, file string) *tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	x, err := onnx.ReadTensorProto(b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
