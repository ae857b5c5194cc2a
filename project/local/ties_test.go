package local

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
)

// A network that takes the best of scores that are equal but for rounding matches on
// every runtime, which is told where another order came out.
func TestTies(t *testing.T) {
	m := machine(t)
	need(t, m, "ort")
	model := filepath.Join(t.TempDir(), "ties.onnx")
	if out, err := exec.Command(testkit.Python(t), filepath.Join("testdata", "ties.py"), model).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, target := range []string{"onnx", "openvino", "tflite", "coreml", "tensorrt"} {
		t.Run(target, func(t *testing.T) {
			env := m.Pipeline()
			need(t, m, env.Target(target).Info().Runtimes[0])
			env.Convert = inProcess
			res, err := env.RunTo(context.Background(), pipeline.Request{Model: model, Target: target, Recipe: plan.Default()}, t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			v := res.Verify
			if !res.OK || v.Verdict != verify.Match || v.MaxRel > 1e-4 {
				t.Fatalf("%+v", v)
			}
			for _, f := range res.Findings {
				if f.Code == "verify.decided" && !slices.ContainsFunc(v.Decided, func(l string) bool { return strings.HasPrefix(l, "choice") }) {
					t.Errorf("%q was told, decided at %v", f.Text, v.Decided)
				}
			}
			t.Logf("decided at %v: %s", v.Decided, v.Why)
		})
	}
}
