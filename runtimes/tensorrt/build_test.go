//go:build unix

package tensorrt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/runtimes"
)

// fake is a program that prints and ends as trtexec does.
func fake(t *testing.T, body string) (*Tool, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "trtexec")
	script := "#!/bin/sh\necho '&&&& RUNNING TensorRT.trtexec [TensorRT v100300] # trtexec'\n[ \"$1\" = --help ] && exit 0\necho \"$@\" > args\n" + body
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	build := filepath.Join(dir, "net.build.json")
	text := `{"engine": "net.engine", "flags": ["--onnx=net.onnx", "--saveEngine=net.engine"], "flags_before_11": ["--stronglyTyped"]}`
	if err := os.WriteFile(build, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return &Tool{Path: path, GPU: "NVIDIA A10", Compute: "8.6"}, build
}

func TestBuild(t *testing.T) {
	tool, build := fake(t, `echo '[I] Start parsing network model.'
echo '[I] Finished parsing network model.'
echo '[I] [TRT] Local timing cache in use.'
echo '[I] Engine built in 3.1 sec.'
echo engine > net.engine
`)
	var heard []float64
	files, err := tool.Build(context.Background(), build, func(share float64, _ string) { heard = append(heard, share) })
	if err != nil || !slices.Equal(files, []string{"net.engine", "net.engine.json"}) {
		t.Fatal(files, err)
	}
	if !slices.Equal(heard, []float64{0.05, 0.15, 0.25, 0.95}) {
		t.Errorf("progress %v", heard)
	}
	args, _ := os.ReadFile(filepath.Join(filepath.Dir(build), "args"))
	if got := strings.TrimSpace(string(args)); got != "--onnx=net.onnx --saveEngine=net.engine --stronglyTyped --skipInference" {
		t.Errorf("called with %q", got)
	}
	note := filepath.Join(filepath.Dir(build), "net.engine.json")
	if why, err := tool.Stale(context.Background(), note); why != "" || err != nil {
		t.Errorf("stale: %q, %v", why, err)
	}
	tool.Compute, tool.GPU = "9.0", "NVIDIA H100"
	if why, _ := tool.Stale(context.Background(), note); !strings.Contains(why, "built for NVIDIA A10 (compute capability 8.6); here is NVIDIA H100 (9.0)") {
		t.Errorf("stale: %q", why)
	}
}

func TestBuildFails(t *testing.T) {
	tool, build := fake(t, "echo '[E] [TRT] ModelImporter.cpp: node conv: no'\necho half > net.engine\nexit 1\n")
	_, err := tool.Build(context.Background(), build, nil)
	var refused *runtimes.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Text, "node conv: no") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(build), "net.engine")); err == nil {
		t.Error("half an engine is left")
	}
	tool, build = fake(t, "kill -SEGV $$\n")
	var crash *runtimes.CrashError
	if _, err := tool.Build(context.Background(), build, nil); !errors.As(err, &crash) {
		t.Errorf("got %v", err)
	}
	tool, build = fake(t, "exit 0\n")
	if _, err := tool.Build(context.Background(), build, nil); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

func TestBuildCancelled(t *testing.T) {
	tool, build := fake(t, "echo '[I] Start parsing network model.'\nexec sleep 60\n")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := tool.Build(ctx, build, func(float64, string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSpell(t *testing.T) {
	for digits, want := range map[string]string{"100300": "10.3.0", "8601": "8.6.1", "110200": "11.2.0", "101303": "10.13.3"} {
		if got := spell(digits); got != want {
			t.Errorf("%s: %s, want %s", digits, got, want)
		}
	}
}
