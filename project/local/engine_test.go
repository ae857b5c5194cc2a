//go:build unix

package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/project/pipeline"
)

// programs puts a trtexec and an nvidia-smi that only pretend on the path, in
// front of all others.
func programs(t *testing.T, gpu, trtexec string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"nvidia-smi": "echo '" + gpu + "'",
		"trtexec":    "echo '&&&& RUNNING TensorRT.trtexec [TensorRT v110200] # trtexec'\n[ \"$1\" = --help ] && exit 0\n" + trtexec,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

const builds = "echo '[I] Start parsing network model.'\necho '[I] Engine built in 3 sec.'\nfor a; do case $a in --saveEngine=*) echo engine > ${a#*=} ;; esac; done\n"

// TestEngine takes a model to TensorRT where the programs are there: the engine
// is built in a worker, taken over where nothing has changed, and built again
// with the reason on another GPU.
func TestEngine(t *testing.T) {
	model := filepath.Join(testkit.Zoo(t), "tiny", "mnist.onnx")
	m := machine(t)
	need(t, m, "ort")
	dir := t.TempDir()
	for _, step := range []struct{ gpu, code, says string }{
		{"NVIDIA A10, 8.6, 580.1", "tensorrt.built", "built here"},
		{"NVIDIA A10, 8.6, 580.1", "tensorrt.built", "taken over"},
		{"NVIDIA H100, 9.0, 580.1", "tensorrt.rebuilt", "built for NVIDIA A10 (compute capability 8.6); here is NVIDIA H100 (9.0)"},
	} {
		programs(t, step.gpu, builds)
		var stages []string
		res, err := m.Pipeline().RunTo(context.Background(), pipeline.Request{Model: model, Target: "tensorrt", Recipe: plan.Default()}, dir, func(e plan.Event) {
			if e.Stage == "engine" {
				stages = append(stages, e.Text)
			}
		})
		if err != nil || !res.OK {
			t.Fatalf("%v %+v", err, res)
		}
		if !slices.ContainsFunc(res.Findings, func(f *diag.Finding) bool { return f.Code == step.code && strings.Contains(f.Text, step.says) }) {
			t.Errorf("no finding %s with %q in %v", step.code, step.says, res.Findings)
		}
		if taken := step.says == "taken over"; taken != (len(stages) == 0) {
			t.Errorf("stages %v", stages)
		}
		var names []string
		for _, a := range res.Artefacts {
			names = append(names, filepath.Base(a.Path))
			if sum, err := pipeline.HashFile(a.Path); err != nil || sum != a.SHA256 {
				t.Errorf("%s: %v, hash %s, recorded %s", a.Path, err, sum, a.SHA256)
			}
		}
		if !slices.Equal(names, []string{"mnist.onnx", "mnist.build.json", "mnist.engine"}) {
			t.Errorf("artefacts %v", names)
		}
	}
}

// TestEngineCancelled: cancelling ends the program within the worker.
func TestEngineCancelled(t *testing.T) {
	model := filepath.Join(testkit.Zoo(t), "tiny", "mnist.onnx")
	m := machine(t)
	programs(t, "NVIDIA A10, 8.6, 580.1", "echo '[I] Start parsing network model.'\necho half > mnist.engine\nexec sleep 600\n")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := t.TempDir()
	_, err := m.Pipeline().RunTo(ctx, pipeline.Request{Model: model, Target: "tensorrt", Recipe: plan.Default(), NoVerify: true}, dir, func(e plan.Event) {
		if e.Stage == "engine" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
