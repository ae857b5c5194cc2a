package tflite

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// randomWeights replaces the weights, which ONNX's light models have all equal,
// by random ones that keep the activations' size.
func randomWeights(t *testing.T, g *ir.Graph) {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	p := g.Edit("random", nil)
	for _, v := range g.Values() {
		if n := v.Node(); v.DType != tensor.Float32 || !v.IsConst() && (n == nil || n.Op != "ConstantOfShape") {
			continue
		}
		shape, ok := v.Shape.Ints()
		size, err := tensor.NumElements(shape)
		if !ok || err != nil || size < 8 {
			continue
		}
		w := make([]float32, size)
		fan := 1
		if len(shape) > 1 {
			fan = size / shape[0]
		}
		for i := range w {
			w[i] = float32(rng.NormFloat64() / math.Sqrt(float64(fan)))
			if len(shape) < 2 {
				w[i] = 0.5 + rng.Float32() // scales and variances
			}
		}
		p.Replace(v, p.Const(v.Name+"_random", tensor.Of(w, shape...)))
	}
	if err := p.Done(); err != nil {
		t.Fatal(err)
	}
}

// TestLight writes the classic networks that ship with ONNX, with random
// weights, and compares them with the reference arithmetic.
func TestLight(t *testing.T) {
	out, err := exec.Command(testkit.Python(t), "-c", "import importlib.util as u; print(u.find_spec('onnx').submodule_search_locations[0])").Output()
	if err != nil {
		t.Skip("the Python package onnx is absent")
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "backend", "test", "data", "light")
	// One is the input's; the others are those of classifiers whose weights are
	// computed, and of ShuffleNet's 16 channel shuffles.
	for name, transposes := range map[string]int{"densenet121": 1, "inception_v1": 2, "inception_v2": 2, "shufflenet": 18, "squeezenet": 1} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(root, "light_"+name+".onnx")
			if _, err := os.Stat(path); err != nil {
				t.Skip(err)
			}
			g, done := openModel(t, path)
			defer done()
			randomWeights(t, g)
			in := randomInputs(t, g, -1, 1, 1)
			want, err := testkit.Eval(all.Registry(), g, in)
			if err != nil {
				t.Fatal(err)
			}
			w := newWriter(g, target.Options{})
			if err := w.build(context.Background()); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, o := range w.m.Operators {
				if o.Code == fb.Transpose {
					n++
				}
			}
			if n != transposes {
				t.Errorf("%d transpositions, want %d: %v", n, transposes, w.findings)
			}
			file := filepath.Join(t.TempDir(), "m.tflite")
			if err := writeModel(context.Background(), w.m, file); err != nil {
				t.Fatal(err)
			}
			r := testkit.Vendor(t, []testkit.Job{{Runtime: "litert", Model: file, Inputs: in}})
			if r[0].Err != "" {
				t.Fatal(r[0].Err)
			}
			for i, v := range g.Outputs {
				d, _ := testkit.Difference(r[0].Outputs[v.Name], want[i])
				t.Logf("%s: %g of the range", v.Name, d)
				if !(d <= 1e-4) {
					t.Errorf("output %s differs by %g of its range", v.Name, d)
				}
			}
		})
	}
}
