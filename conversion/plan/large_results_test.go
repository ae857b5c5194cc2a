//go:build linux

package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/source"
	sourceall "slipway/conversion/source/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// sameResult compares what the vendor's package makes of the artefact with the
// reference arithmetic on the source, both reading weights from mapped files. A
// vendor's kernels may take a copy of all weights.
func sameResult(t *testing.T, model, artefact, target string, size int64) {
	t.Helper()
	run := map[string]string{"onnx": "onnxruntime", "tensorrt": "onnxruntime", "openvino": "openvino", "tflite": "litert", "coreml": "the package's reader", "ncnn": "ncnn"}[target]
	mapped := target == "tflite" || target == "coreml" // LiteRT's delegate would pack a copy of all weights
	if free := available(t); !mapped && free < size*3/2 {
		t.Skipf("%d MB of memory are free, %s takes about %d", free>>20, run, size*3/2>>20)
	}
	reg := opsall.Registry()
	m, err := sourceall.Open(context.Background(), model, source.Options{Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	x, err := ir.Noise(tensor.Float32, 3, 1, 64, 8, 8)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]*tensor.Tensor{"x": x}
	want, err := testkit.Eval(reg, m.Graph, in)
	if err != nil {
		t.Fatal(err)
	}
	var got *tensor.Tensor
	switch target {
	case "coreml":
		got = readBack(t, artefact, in)
	case "ncnn":
		got = byNCNN(t, artefact, x)
	default:
		testkit.Python(t)
		r := testkit.Vendor(t, []testkit.Job{{Model: artefact, Runtime: run, Reference: mapped, Inputs: in}})[0]
		if r.Err != "" {
			t.Fatal(r.Err)
		}
		if got = r.Outputs["y"]; got == nil {
			t.Fatalf("no output y in %v", r.Outputs)
		}
	}
	if err := testkit.Compare(got, want[0], op.Tolerance{Abs: 1e-6, Rel: 1e-4}); err != nil {
		t.Errorf("%s: %v", run, err)
	}
	if v := want[0].Float64s(); !slices.ContainsFunc(v, func(x float64) bool { return x != 0 }) {
		t.Error("all results are zero, which says nothing")
	}
	t.Logf("%s gives %v", run, got.Float32s())
}

// readBack computes what the artefact holds on the reference arithmetic.
func readBack(t *testing.T, path string, in map[string]*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	reg := opsall.Registry()
	m, err := sourceall.Open(context.Background(), path, source.Options{Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	out, err := testkit.Eval(reg, m.Graph, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// byNCNN runs the artefact by ncnn's Python package; the test is skipped where
// STUDIO_NCNN_VENV names no environment with it.
func byNCNN(t *testing.T, param string, x *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	python := filepath.Join(os.Getenv("STUDIO_NCNN_VENV"), "bin", "python")
	if _, err := os.Stat(python); err != nil || os.Getenv("STUDIO_NCNN_VENV") == "" {
		t.Skip("set STUDIO_NCNN_VENV to a virtual environment with the package ncnn")
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, x.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(map[string]any{
		"param": param, "bin": strings.TrimSuffix(param, "param") + "bin", "outputs": 1, "inputs": []any{map[string]any{"dims": x.Shape()[1:], "file": file}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, filepath.Join(testkit.Root(t), "conversion", "target", "ncnn", "testdata", "run.py"))
	cmd.Stdin = bytes.NewReader(append(job, '\n'))
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Error   string
		Outputs []struct{ File string }
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Error != "" || len(r.Outputs) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	b, err := os.ReadFile(r.Outputs[0].File)
	if err != nil {
		t.Fatal(err)
	}
	y, err := tensor.FromBytes(tensor.Float32, []int{1, len(b) / 4}, b)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// available is the memory that new processes can have, in bytes.
func available(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(b, []byte("MemAvailable:"))
	kb, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
