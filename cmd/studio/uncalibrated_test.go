package main

import (
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/plan"
	"slipway/project/projecttest"
)

// TestUncalibratedIsSaidBeforeAndAfter: ranges that come from noise cut bright
// pictures off. That they may is said before the work begins, and the mismatch
// names the same cure.
func TestUncalibratedIsSaidBeforeAndAfter(t *testing.T) {
	photos, out := t.TempDir(), t.TempDir()
	model := projecttest.Write(t, t.TempDir(), "mean", projecttest.Mean)
	raw := "task: classify\ninput: {layout: NCHW, size: [16, 16], color: RGB, resize: {mode: stretch}, range: 255}\noutput: {softmax: true}\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(model), "mean.task.yaml"), []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	projecttest.Picture(t, filepath.Join(photos, "a.png"), color.NRGBA{255, 120, 0, 255})
	projecttest.Picture(t, filepath.Join(photos, "b.png"), color.NRGBA{0, 120, 255, 255})
	call := []string{"convert", model, "--to", "coreml,onnx", "--precision", "int8", "--images", photos, "-o", out, "--json"}
	o := studio(t, call...).want(t, 1)
	if !strings.Contains(o.stderr, plan.UncalibratedCode) || !strings.Contains(o.stderr, "8 random inputs") || !strings.Contains(o.stderr, plan.CalibrateCure) || !strings.Contains(o.stderr, "--calibrate DIR") {
		t.Errorf("before the work: %s", o.stderr)
	}
	results := rows(t, o.document(t)["results"])
	if c := codes(t, results[0].(map[string]any)["findings"]); slices.Contains(c, plan.UncalibratedCode) {
		t.Errorf("Core ML, which calibrates nothing: %v", c)
	}
	found := rows(t, results[1].(map[string]any)["findings"])
	last := found[len(found)-1].(map[string]any)
	if last["code"] != "verify.mismatch" || !strings.Contains(last["suggestion"].(string), plan.CalibrateCure) {
		t.Errorf("the mismatch: %v", last)
	}
	o = studio(t, append(call, "--calibrate", photos)...)
	if strings.Contains(o.stderr+o.stdout, plan.UncalibratedCode) {
		t.Errorf("with calibration inputs: %s", o.stderr)
	}
}
