package local

import (
	"context"

	"slipway/runtimes/tensorrt"
)

// buildEngine builds a TensorRT engine with what this machine has.
func buildEngine(ctx context.Context, build, earlier string, progress func(float64, string)) (files []string, why string, err error) {
	tool, err := tensorrt.Find(ctx)
	if err != nil {
		return nil, "", err
	}
	if earlier != "" {
		// A note that cannot be read explains nothing; the engine is built anyway.
		why, _ = tool.Stale(ctx, earlier)
	}
	files, err = tool.Build(ctx, build, progress)
	return files, why, err
}
