package optimise

import (
	"slices"
	"strings"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/summary"
	"slipway/project"
)

func TestKeepFloatAddsOnceAndRemoves(t *testing.T) {
	r := plan.Default()
	KeepFloat(&r, "a", true)
	KeepFloat(&r, "b", true)
	KeepFloat(&r, "a", true)
	if !slices.Equal(r.Quantize.KeepFloat, []string{"b", "a"}) {
		t.Errorf("kept: %v", r.Quantize.KeepFloat)
	}
	KeepFloat(&r, "b", false)
	if !slices.Equal(r.Quantize.KeepFloat, []string{"a"}) {
		t.Errorf("after removing b: %v", r.Quantize.KeepFloat)
	}
}

func TestPruneLayerSwitchesPruningOn(t *testing.T) {
	r := plan.Default()
	PruneLayer(&r, "a", 0)
	if r.Prune.Method != "none" || len(r.Prune.Layers) != 0 {
		t.Errorf("nothing to take away: %+v", r.Prune)
	}
	PruneLayer(&r, "a", 0.5)
	if r.Prune.Method != "magnitude" || r.Prune.Layers["a"] != 0.5 {
		t.Errorf("half of a: %+v", r.Prune)
	}
	PruneLayer(&r, "a", 0)
	if len(r.Prune.Layers) != 0 {
		t.Errorf("a taken away: %+v", r.Prune)
	}
}

func TestEffectNamesWhatMatters(t *testing.T) {
	m := &project.Model{Summary: &summary.Summary{Params: 1_000_000, Bytes: 4_000_000}}
	for name, c := range map[string]struct {
		set  func(*plan.Recipe)
		want string
	}{
		"fp16":          {func(r *plan.Recipe) { r.Precision = "fp16" }, "1 M parameters at 16 bits: about 2 MB of weights (the source has 4 MB)"},
		"calibrated":    {func(r *plan.Recipe) { r.Precision, r.Quantize.Calibration = "int8", "pics" }, "up to 100 inputs by the method that keeps the outputs nearest"},
		"dynamic":       {func(r *plan.Recipe) { r.Precision, r.Quantize.Scheme = "int8", "dynamic" }, "pays for matrix products"},
		"weights alone": {func(r *plan.Recipe) { r.Precision, r.Quantize.Scheme = "int8", "weight-only" }, "smaller, not faster"},
		"kept":          {func(r *plan.Recipe) { r.Precision, r.Quantize.KeepFloat = "int8", []string{"a", "b"} }, "2 layers stay in float"},
		"pruned":        {func(r *plan.Recipe) { r.Prune.Method, r.Prune.Ratio = "magnitude", 0.3 }, "30 % of the weights become zero"},
		"2:4":           {func(r *plan.Recipe) { r.Prune.Method = "2:4" }, "Two of every four"},
	} {
		r := plan.Default()
		c.set(&r)
		if got := Effect(m, &r); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q lacks %q", name, got, c.want)
		}
	}
	r := plan.Default()
	if got := Effect(nil, &r); !strings.Contains(got, "Open a model") {
		t.Errorf("no model: %q", got)
	}
}

func TestWarningIsGivenWhereCalibrationIsMissing(t *testing.T) {
	m := &project.Model{Summary: &summary.Summary{}}
	r := plan.Default()
	if got := Warning(m, &r); got != nil {
		t.Errorf("fp32: %v", got)
	}
	r.Precision = "int8"
	if got := Warning(m, &r); got == nil || !strings.Contains(got.Text, "no calibration inputs") {
		t.Errorf("int8: %q", got)
	}
	if got := Warning(nil, &r); got != nil {
		t.Errorf("no model: %q", got)
	}
	r.Quantize.Calibration = "pictures"
	if got := Warning(m, &r); got != nil {
		t.Errorf("calibrated: %q", got)
	}
}
