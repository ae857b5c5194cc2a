package local

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
)

// TestStandIn: what stands in for TensorRT does not condemn a file for faults of
// optimisations that no engine has.
func TestStandIn(t *testing.T) {
	m := machine(t)
	need(t, m, "ort")
	model := filepath.Join(t.TempDir(), "padded.onnx")
	if out, err := exec.Command(testkit.Python(t), filepath.Join("testdata", "padded.py"), model).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, target := range []string{"onnx", "tensorrt"} {
		env := m.Pipeline()
		env.Convert = inProcess
		res, err := env.RunTo(context.Background(), pipeline.Request{Model: model, Target: target, Recipe: plan.Default()}, t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := res.Verify; !res.OK || v.Verdict != verify.Match {
			t.Errorf("%s: %+v", target, v)
		}
	}
}
