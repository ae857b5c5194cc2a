package onnx_test

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/source"
	source_onnx "slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// noOps is a registry without operators: every node is kept as it is in the file,
// so that reading and writing are tested without the operators' own rules.
func noOps(t testing.TB) *op.Registry {
	t.Helper()
	r, err := op.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, path string, reg *op.Registry) *source.Model {
	t.Helper()
	m, err := source_onnx.Source{}.Open(context.Background(), path, source.Options{Registry: reg, KeepUnknown: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func noise(seed uint64, shape ir.Shape) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	dims := make([]int, len(shape))
	n := 1
	for i, d := range shape {
		v, ok := d.Int()
		if !ok {
			v = 1
		}
		dims[i] = int(v)
		n *= int(v)
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return tensor.Of(x, dims...)
}

// TestWriteZoo reads real models and writes them again, with their nodes as they
// are: the official checker must accept the copy, and ONNX Runtime must compute
// the same bits.
func TestWriteZoo(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(testkit.Zoo(t), "*", "*.onnx"))
	python := testkit.Python(t)
	for _, f := range files {
		for _, external := range []string{"", "true"} {
			name := filepath.Base(f) + external
			t.Run(name, func(t *testing.T) {
				m := open(t, f, noOps(t))
				if m.Graph.Inputs[0].DType != tensor.Float32 || filepath.Base(f) == "mnist.onnx" {
					t.Skip("written again only after its operators are lowered")
				}
				opset := "17"
				if filepath.Base(f) == "yolox_nano_coco.onnx" {
					t.Skip("opset 11 spells operators that 17 has not")
				}
				dir := t.TempDir()
				o := target.Options{Name: "copy", Values: map[string]string{onnx.KeyOpset: opset, onnx.KeyExternal: external}}
				a, err := onnx.Target{}.Write(context.Background(), m.Graph, dir, o)
				if err != nil {
					t.Fatal(err)
				}
				if want := 1 + len(external)/4; len(a.Files) != want {
					t.Errorf("%d files, want %d", len(a.Files), want)
				}
				path := filepath.Join(dir, a.Files[0])
				checkModel(t, python, path)
				feeds := map[string]*tensor.Tensor{m.Graph.Inputs[0].Name: noise(3, m.Graph.Inputs[0].Shape)}
				r := testkit.Vendor(t, []testkit.Job{
					{Runtime: "onnxruntime", Model: f, Inputs: feeds},
					{Runtime: "onnxruntime", Model: path, Inputs: feeds},
				})
				if r[0].Err != "" || r[1].Err != "" {
					t.Fatal(r[0].Err, r[1].Err)
				}
				for k, want := range r[0].Outputs {
					if got := r[1].Outputs[k]; !tensor.Equal(got, want) {
						t.Errorf("output %s differs", k)
					}
				}
			})
		}
	}
}

func checkModel(t testing.TB, python, path string) {
	t.Helper()
	out, err := exec.Command(python, "-c", "import onnx,sys; onnx.checker.check_model(sys.argv[1], full_check=True)", path).CombinedOutput()
	if err != nil {
		t.Errorf("onnx.checker: %s", out)
	}
}
