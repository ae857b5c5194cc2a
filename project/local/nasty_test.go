package local

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
)

// nastyShort are the models of the short form.
var nastyShort = []string{"sequence_inside", "int4_blocked", "int64_big", "loop_data_trip", "huge_expand", "zero_inside", "scalar_in", "same_twice", "in_is_out", "name_collide", "name_long"}

// nastyExcept lists, by model and target, what ends otherwise and why that is
// right. What the source's own runtime refuses is not verified.
var nastyExcept = map[string]string{
	"float64_large openvino":   "mismatch", // warned of: computed in 32 bits
	"float64_large coreml":     "mismatch",
	"float64_precise openvino": "mismatch",
	"float64_precise coreml":   "mismatch",
	"int4_io openvino":         "mismatch", // ONNX Runtime rounds to 4 bits, where ONNX truncates
	"zero_dim tflite":          "mismatch", // warned of: the runtime's interface passes no empty tensors
	"bfloat16 tensorrt":        "not-run",  // ONNX Runtime's CPU, which stands in, has no such kernel
	"bfloat16_io tensorrt":     "not-run",
}

// sourceRefuses are models that ONNX Runtime does not run here.
var sourceRefuses = regexp.MustCompile(`^(bfloat16|huge_|optional_in|sequence_(in|out)$|string_|same_node_names|dynamic_rank2)`)

// TestNasty converts what converters stumble over. Each model ends in a file
// that matches, or in findings that name what a target lacks and say what to do.
func TestNasty(t *testing.T) {
	m, dir := machine(t), t.TempDir()
	cmd := exec.Command(testkit.Python(t), filepath.Join("testdata", "nasty.py"), dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	need(t, m, "ort")
	files, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil || len(files) < 70 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		model := strings.TrimSuffix(filepath.Base(file), ".onnx")
		if testing.Short() && !slices.Contains(nastyShort, model) {
			continue
		}
		for _, name := range networkTargets {
			t.Run(model+"/"+name, func(t *testing.T) {
				env := m.Pipeline()
				env.Convert = inProcess
				if name == "ncnn" && !sourceRefuses.MatchString(model) {
					env = nastyNCNN(t, m, file)
				} else if name != "ncnn" {
					need(t, m, env.Target(name).Info().Runtimes[0])
				}
				r := plan.Default()
				res, err := env.RunTo(context.Background(), pipeline.Request{Model: file, Target: name, Recipe: r}, t.TempDir(), nil)
				if err != nil {
					t.Fatal(err)
				}
				judgeNasty(t, res, model, name)
			})
		}
	}
}

// nastyNCNN has ncnn's Python package, where it is, run what can be run by it.
func nastyNCNN(t *testing.T, m *Machine, file string) *pipeline.Env {
	env := m.Pipeline()
	env.Convert = inProcess
	get := env.Runtime
	env.Runtime = func(name string) (runtimes.Runtime, error) {
		if name != "ncnn" {
			return get(name)
		}
		return newNCNN(t, m, file), nil
	}
	return env
}

func judgeNasty(t *testing.T, res *pipeline.Result, model, name string) {
	t.Helper()
	if want, ok := nastyExcept[model+" "+name]; ok {
		if string(res.Verify.Verdict) != want {
			t.Errorf("verdict %s, want %s: %v", res.Verify.Verdict, want, res.Findings)
		}
		return
	}
	switch errs := res.Findings.Errors(); {
	case res.OK && (res.Verify.Verdict == verify.Match || strings.HasPrefix(model, "int4_") && res.Verify.Verdict == verify.Drift):
	case res.OK && res.Verify.Verdict == verify.NotRun && sourceRefuses.MatchString(model):
	case res.OK || len(errs) == 0:
		t.Errorf("%s: %s\n%v", res.Verify.Verdict, res.Verify.Why, res.Findings)
	default:
		for _, f := range errs {
			if why := unclear(f); why != "" {
				t.Errorf("%s: %s", why, f)
			}
		}
	}
}

// unclear says what a refusal lacks.
func unclear(f *diag.Finding) string {
	switch {
	case slices.Contains([]string{"convert.failed", "worker.crashed", "worker.timeout", "verify.mismatch"}, f.Code):
		return "no refusal"
	case f.Suggestion == "":
		return "does not say what to do"
	case strings.HasSuffix(f.Code, "unsupported-op") && f.Layer == "" && len(f.Layers) == 0:
		return "names no layer"
	}
	return ""
}
