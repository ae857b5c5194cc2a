package tensorrt_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/testkit"
)

// reading is TensorRT-RTX's answer to a model.
type reading struct {
	Error, Unknown string
	Layers, Engine int
}

// rtx has TensorRT-RTX's own parser and builder take models, without a GPU. The
// test is skipped where STUDIO_RTX_VENV names no environment with the packages
// onnxruntime-ep-nv-tensorrt-rtx-cu13 and tensorrt-rtx-cu13-bindings.
func rtx(t *testing.T, build bool, models ...string) []reading {
	t.Helper()
	python := filepath.Join(os.Getenv("STUDIO_RTX_VENV"), "bin", "python")
	if _, err := os.Stat(python); err != nil || os.Getenv("STUDIO_RTX_VENV") == "" {
		t.Skip("set STUDIO_RTX_VENV to a virtual environment with onnxruntime-ep-nv-tensorrt-rtx-cu13 and tensorrt-rtx-cu13-bindings")
	}
	var in bytes.Buffer
	for _, m := range models {
		if err := json.NewEncoder(&in).Encode(map[string]any{"model": m, "build": build}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "testdata/rtx.py")
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []reading
	s := bufio.NewScanner(bytes.NewReader(out))
	for s.Scan() {
		var r reading
		if json.Unmarshal(s.Bytes(), &r) == nil {
			answers = append(answers, r)
		}
	}
	if len(answers) != len(models) {
		t.Fatalf("%d answers to %d models", len(answers), len(models))
	}
	return answers
}

// TestRTX: TensorRT-RTX's parser takes what is written, and its builder makes an
// engine of it: strongly typed, with symmetric Q/DQ, float biases and profiles.
func TestRTX(t *testing.T) {
	zoo := testkit.Zoo(t)
	rtx(t, false)
	for _, c := range []struct {
		file, precision string
		span            float64
	}{
		{"cifar/resnet20_cifar10.onnx", "fp32", 1},
		{"cifar/resnet20_cifar10.onnx", "fp16", 1},
		{"cifar/resnet20_cifar10.onnx", "int8", 1},
		{"tiny/mnist.onnx", "int8", 1},
		{"imagenet/efficientnet-lite0.onnx", "fp16", 1},
		{"imagenet/squeezenet_fp16.onnx", "fp16", 100},
		{"detect/yolox_nano_coco.onnx", "fp32", 255},
		{"torch/mobilenet_v3_small_raw.onnx", "fp16", 1},
	} {
		t.Run(filepath.Base(c.file)+"/"+c.precision, func(t *testing.T) {
			if testing.Short() && c.file != "cifar/resnet20_cifar10.onnx" {
				t.Skip("a large network")
			}
			m, err := onnx.Source{}.Open(context.Background(), filepath.Join(zoo, c.file), source.Options{Registry: ops.Registry()})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			dir, a := write(t, m.Graph, c.precision, c.span)
			r := rtx(t, true, filepath.Join(dir, a.Files[0]))[0]
			if r.Error != "" || r.Unknown != "" || r.Layers == 0 || r.Engine == 0 {
				t.Errorf("%+v", r)
			}
			t.Logf("%d layers, %d bytes", r.Layers, r.Engine)
		})
	}
}

// TestRTXProfile: sizes that are open are in the profile of the build file.
func TestRTXProfile(t *testing.T) {
	g, err := ir.Parse("graph net {\n  input %x : f32[batch,3,H,W]\n  %y : f32[batch,3,H,W] = Relu(%x) @relu\n  output %y\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	dir, a := write(t, g, "fp32", 1)
	if r := rtx(t, true, filepath.Join(dir, a.Files[0]))[0]; r.Error != "" || r.Engine == 0 {
		t.Errorf("%+v", r)
	}
}
