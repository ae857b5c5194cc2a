package pipeline_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/project/local"
	"slipway/project/pipeline"
	"slipway/runtimes/task"
)

// TestPrunedStopped stops a conversion before and after the source that a pruned
// artefact is compared with has been written: an error, and nothing left of it.
func TestPrunedStopped(t *testing.T) {
	model := filepath.Join(testkit.Zoo(t), "cifar", "resnet20_cifar10.onnx")
	machine := local.New()
	defer machine.Close()
	for name, written := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			env := machine.Pipeline()
			convert, reached := env.Convert, false
			env.Convert = func(ctx context.Context, r plan.Request, task *task.Task, progress func(plan.Event)) (*plan.Report, error) {
				if r.Name != "pruned" {
					return convert(ctx, r, task, progress)
				}
				reached = true
				if !written {
					stop()
				}
				rep, err := convert(ctx, r, task, progress)
				stop()
				return rep, err
			}
			recipe := plan.Default()
			recipe.Prune.Method, recipe.Prune.Ratio = "magnitude", 0.3
			out := t.TempDir()
			_, err := env.RunTo(ctx, pipeline.Request{Model: model, Target: "openvino", Recipe: recipe}, out, nil)
			if !errors.Is(err, context.Canceled) || !reached {
				t.Errorf("error %v; the changed source was asked for: %v", err, reached)
			}
			for _, dir := range []string{temp, out} {
				if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
					t.Errorf("left in %s: %v, %v", dir, left, err)
				}
			}
		})
	}
}
