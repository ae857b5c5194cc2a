package local

import (
	"context"
	"path/filepath"
	"testing"

	"slipway/assets"
	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/accuracy"
	"slipway/project/pipeline"
	"slipway/runtimes/task"
)

// TestTop1 scores EfficientNet-Lite0 and its single-precision artefacts on all
// labelled pictures: each must be right as often as the source, give or take one
// picture, on its own runtime.
func TestTop1(t *testing.T) {
	if testing.Short() {
		t.Skip("scores 250 pictures on four models")
	}
	zoo, m := testkit.Zoo(t), machine(t)
	need(t, m, "ort", "openvino", "litert")
	model := filepath.Join(zoo, "imagenet", "efficientnet-lite0.onnx")
	tk, err := task.LoadFS(assets.Samples(), assets.SampleTask)
	if err != nil {
		t.Fatal(err)
	}
	data, err := task.OpenDataset(filepath.Join(zoo, "images", "imagenet-val-250"), tk)
	if err != nil || len(data.Samples) != 250 || len(data.Findings) > 0 {
		t.Fatalf("%d pictures, %v, %v", len(data.Samples), data.Findings, err)
	}
	subjects := []accuracy.Subject{{Name: "source", Session: open(t, m, "ort", model)}}
	dir := t.TempDir()
	for target, on := range runtimeOf {
		res, err := m.Pipeline().RunTo(context.Background(), pipeline.Request{Model: model, Target: target, Recipe: plan.Default(), NoVerify: true}, dir, nil)
		if err != nil || !res.OK {
			t.Fatalf("%v %+v", err, res)
		}
		subjects = append(subjects, accuracy.Subject{Name: target, Session: open(t, m, on.runtime, res.Artefacts[0].Path)})
	}
	scores, findings, err := accuracy.Run(context.Background(), tk, subjects, data.Samples, nil)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	source := scores[0]
	// 69.6 % on the 500 pictures of which these are half, ±6 points of noise.
	if source.Top1 < 0.63 || source.Top1 > 0.76 || source.Images != 250 {
		t.Errorf("the source scores %.3f on %d pictures", source.Top1, source.Images)
	}
	for _, s := range scores[1:] {
		if d := s.Correct - source.Correct; d < -1 || d > 1 || s.Images != 250 {
			t.Errorf("%s: %d of %d right, the source %d", s.Model, s.Correct, s.Images, source.Correct)
		}
		t.Logf("%s: top-1 %.3f, agreement %.4f", s.Model, s.Top1, s.Agreement)
	}
}
