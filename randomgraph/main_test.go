package randomgraph

import (
	"context"
	"os"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/target"
	targets "slipway/conversion/target/all"
	runtimes_all "slipway/runtimes/all"
	"slipway/runtimes/library"
	"slipway/runtimes/worker"
	"slipway/runtimes/worker/guest"
)

// The test binary is its own worker, so that a runtime's crash is an answer.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], guest.Guest{Open: runtimes_all.Direct}))
	}
	os.Exit(m.Run())
}

// worked starts a worker for a runtime; nil where its library is absent.
func worked(t testing.TB, name, lib string) *worker.Worker {
	t.Helper()
	found, err := library.Find(lib)
	if err != nil {
		t.Logf("without %s: %v", name, err)
		return nil
	}
	w, err := worker.Start(context.Background(), worker.Config{Runtime: name, LibraryPath: found.Path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// against makes a comparison with a runtime; nil where its library is absent.
func against(t testing.TB, name, lib, format string, coarse float64) *Runtime {
	t.Helper()
	w := worked(t, name, lib)
	if w == nil {
		return nil
	}
	return &Runtime{Name: name, Target: targetOf(t, format), Runtime: w.Runtime(), Dir: t.TempDir(), Coarse: coarse}
}

// vendors are the comparisons with runtimes, each with how many cases there are
// for one that it looks at; those whose library is absent are left out.
func vendors(t testing.TB) (list []*Runtime, every []uint64) {
	t.Helper()
	add := func(r *Runtime, n uint64) {
		if r != nil {
			list, every = append(list, r), append(every, n)
		}
	}
	add(against(t, "ort", "onnxruntime", "onnx", 1), 1)
	if r := against(t, "openvino", "openvino", "openvino", 20); r != nil {
		r.Single, r.Folds = true, true
		add(r, 32)
	}
	add(against(t, "litert", "litert", "tflite", 20), 4)
	if r := against(t, "ort", "onnxruntime", "tensorrt", 1); r != nil {
		r.Name = "tensorrt"
		add(r, 8)
	}
	// Core ML's own reader here computes what was written with the reference.
	coreml, err := runtimes_all.Direct("mil", "")
	if err != nil {
		t.Fatal(err)
	}
	add(&Runtime{Name: "coreml", Target: targetOf(t, "coreml"), Runtime: coreml, Dir: t.TempDir(), Coarse: 4, Single: true}, 8)
	return list, every
}

func targetOf(t testing.TB, format string) target.Target {
	t.Helper()
	f, err := targets.Get(format)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func simplify(g *ir.Graph, reg *op.Registry) (bool, error) {
	reports, err := passes.Simplify(context.Background(), g, reg, nil, nil, nil, nil)
	for _, r := range reports {
		if r.Fired > 0 {
			return true, err
		}
	}
	return false, err
}

// internal are the checks that need no runtime.
func internal() []Check {
	list := []Check{Inferred, TextForm, Decompose, Rewrite("simplify", 2, simplify)}
	for _, p := range passes.Passes() {
		list = append(list, Pass(p, 2))
	}
	for _, t := range targets.Targets() {
		list = append(list, Legal(t))
	}
	half := Rewrite("float16-storage", 500, func(g *ir.Graph, reg *op.Registry) (bool, error) {
		o := float16.Defaults()
		o.Mode = "storage"
		r, err := float16.Pass.Run1(context.Background(), g, reg, o, nil)
		return r.Fired > 0, err
	})
	return append(list, half)
}
