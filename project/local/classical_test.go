package local

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
)

// TestClassicalModels converts models of scikit-learn whose outputs are words or
// maps, or which their own runtime refuses to run on what nobody trained them for.
func TestClassicalModels(t *testing.T) {
	m := machine(t)
	need(t, m, "ort")
	for model, own := range map[string]bool{"logistic_words": false, "logistic_zipmap": true, "onehot_strict": true, "forest_2": false} {
		t.Run(model, func(t *testing.T) {
			env := m.Pipeline()
			env.Convert = inProcess
			file := filepath.Join("..", "..", "conformance", "testdata", "sklearn", "test_"+model, "model.onnx")
			res, err := env.RunTo(context.Background(), pipeline.Request{Model: file, Target: "onnx", Recipe: plan.Default()}, t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !res.OK || res.Verify.Verdict != verify.Match {
				t.Errorf("%s: %s\n%v", res.Verify.Verdict, res.Verify.Why, res.Findings)
			}
			said := false
			for _, f := range res.Findings {
				said = said || f.Code == "verify.source" && strings.Contains(f.Text, "built-in")
			}
			if said != own {
				t.Errorf("the built-in runtime ran the source: %v, want %v\n%v", said, own, res.Findings)
			}
		})
	}
}
