package local

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
)

// Sizes that a model leaves open stay open: one artefact matches its source at
// two batches and two picture sizes, on the target's own runtime.
func TestOpenSizes(t *testing.T) {
	m, dir := machine(t), t.TempDir()
	cmd := exec.Command(testkit.Python(t), filepath.Join("testdata", "open_sizes.py"), dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	need(t, m, "ort")
	for _, model := range []string{"dyncnn", "dynvit"} {
		for _, name := range []string{"onnx", "openvino", "tflite", "tensorrt", "coreml"} {
			t.Run(model+"/"+name, func(t *testing.T) {
				env := m.Pipeline()
				info := env.Target(name).Info()
				need(t, m, info.Runtimes[0])
				env.Convert = inProcess
				r := plan.Default()
				r.Profile = map[string]target.Range{"x": {Min: []int64{1, 3, 32, 32}, Opt: []int64{1, 3, 64, 64}, Max: []int64{4, 3, 256, 256}}}
				q := pipeline.Request{Model: filepath.Join(dir, model+".onnx"), Target: name, Recipe: r}
				res, err := env.RunTo(context.Background(), q, filepath.Join(dir, "out"), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.Verify.Verdict != verify.Match {
					t.Fatalf("%s: %s\n%v", res.Verify.Verdict, res.Verify.Why, res.Findings)
				}
				rt, err := env.Runtime(info.Runtimes[0])
				if err != nil {
					t.Fatal(err)
				}
				s, err := rt.Open(context.Background(), runtimes.Model{Path: res.Main(), Format: name}, runtimes.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				shape := s.Inputs()[0].Shape
				if len(shape) != 4 || shape[0] > 0 || shape[2] > 0 || shape[3] > 0 {
					t.Errorf("the artefact's input is %v", shape)
				}
			})
		}
	}
}
