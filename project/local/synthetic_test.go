package local

import (
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
)

// TestLargeModels converts models of real size, whose weights are changed only
// when they are written, and compares what comes out.
func TestLargeModels(t *testing.T) {
	if testing.Short() {
		t.Skip("makes models of 100 MB")
	}
	m := machine(t)
	need(t, m, "ort")
	for _, name := range []string{"resnet50", "mobilenet_v2"} {
		for target, on := range runtimeOf {
			for _, precision := range []string{"fp32", "fp16"} {
				t.Run(name+"/"+target+"/"+precision, func(t *testing.T) {
					need(t, m, on.runtime)
					r := plan.Default()
					r.Precision, r.Samples = precision, 2
					req := pipeline.Request{Model: testkit.Synthetic(t, name), Target: target, Recipe: r}
					res, err := m.Pipeline().RunTo(t.Context(), req, t.TempDir(), nil)
					if err != nil || !res.OK || res.Verify.Verdict != verify.Match {
						t.Fatalf("%v: %+v %v", err, res.Verify, res.Findings)
					}
					for _, a := range res.Artefacts {
						if sum, err := pipeline.HashFile(a.Path); err != nil || sum != a.SHA256 {
							t.Errorf("%s: hash %s, the report says %s (%v)", a.Path, sum, a.SHA256, err)
						}
					}
					t.Logf("%.3g of the output's range", res.Verify.MaxRel)
				})
			}
		}
	}
}
