//go:build cgo

package ort_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/conform"
	"slipway/runtimes/ort"
)

func open(t *testing.T, name string, o runtimes.Options) runtimes.Session {
	t.Helper()
	s, err := ort.New(conform.Library(t, "onnxruntime")).Open(t.Context(), runtimes.Model{Path: filepath.Join(conform.Dir(t, "onnx"), name+".onnx")}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t *tensor.Tensor, err error) *tensor.Tensor {
	if err != nil {
		panic(err)
	}
	return t
}

func half(v ...float64) *tensor.Tensor {
	return must(tensor.FromFloat64s(tensor.Float16, v, len(v)))
}

// Corners that the binding does not cover by itself.
func TestCorners(t *testing.T) {
	for _, c := range []struct {
		model    string
		in, want []*tensor.Tensor
	}{
		{"dynamic_f16", []*tensor.Tensor{half(1, -2.5, 65504)}, []*tensor.Tensor{half(1, -2.5, 65504, 1, -2.5, 65504)}},
		{"dynamic_f16", []*tensor.Tensor{half(math.Inf(1), 6e-8)}, []*tensor.Tensor{half(math.Inf(1), 6e-8, math.Inf(1), 6e-8)}},
		{"dynamic_f16", []*tensor.Tensor{half()}, []*tensor.Tensor{half()}},
		{"dynamic_f32", []*tensor.Tensor{tensor.Of([]float32{}, 0)}, []*tensor.Tensor{tensor.Of([]float32{}, 0)}},
		{"symbolic_f16", []*tensor.Tensor{must(half(1, -2, 3, -4).Reshape(2, 2))}, []*tensor.Tensor{must(half(1, 2, 3, 4).Reshape(2, 2))}},
		{"scalar", []*tensor.Tensor{tensor.Scalar(float32(3))}, []*tensor.Tensor{tensor.Scalar(float32(-6))}},
		{"no_inputs", nil, []*tensor.Tensor{tensor.Of([]float32{-1, -2}, 2)}},
		{
			"strings",
			[]*tensor.Tensor{must(tensor.FromStrings([]int{2}, []string{"a", "λ"}))},
			[]*tensor.Tensor{must(tensor.FromStrings([]int{2}, []string{"a", "λ"}))},
		},
		{"liar", []*tensor.Tensor{tensor.Of([]float32{1, 0, 2, 3}, 4)}, []*tensor.Tensor{tensor.Of([]int64{0, 2, 3}, 1, 3)}},
		{"liar", []*tensor.Tensor{tensor.Of([]float32{0, 1, 0, 1}, 4)}, []*tensor.Tensor{tensor.Of([]int64{1, 3}, 1, 2)}},
		{"default_input", []*tensor.Tensor{tensor.Of([]float32{1, 2}, 2)}, []*tensor.Tensor{tensor.Of([]float32{11, 22}, 2)}},
	} {
		t.Run(c.model, func(t *testing.T) {
			s := open(t, c.model, runtimes.Options{})
			for range 2 {
				out, err := s.Run(t.Context(), c.in)
				if err != nil {
					t.Fatal(err)
				}
				if len(out) != 1 || !tensor.Equal(out[0], c.want[0]) {
					t.Fatalf("got %v, want %v", out, c.want)
				}
			}
		})
	}
}

// What an output repeats, it holds: an input, or another output.
func TestRepeated(t *testing.T) {
	s := open(t, "repeated", runtimes.Options{})
	out, err := s.Run(t.Context(), []*tensor.Tensor{tensor.Of([]float32{1, -2}, 2)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float32{{1, -2}, {-1, 2}, {-1, 2}} {
		if !tensor.Equal(out[i], tensor.Of(want, 2)) {
			t.Errorf("output %d is %v, want %v", i, out[i], want)
		}
	}
}

func TestSequenceIsRefused(t *testing.T) {
	_, err := ort.New(conform.Library(t, "onnxruntime")).Open(t.Context(), runtimes.Model{Path: filepath.Join(conform.Dir(t, "onnx"), "sequence.onnx")}, runtimes.Options{})
	var refused *runtimes.RefusedError
	if !errors.As(err, &refused) || refused.Stage != "open" {
		t.Fatalf("got %v", err)
	}
}

func TestTapScalar(t *testing.T) {
	s := open(t, "scalar", runtimes.Options{Taps: []string{"inner"}})
	out, err := s.Run(t.Context(), []*tensor.Tensor{tensor.Scalar(float32(3))})
	if err != nil || !tensor.Equal(out[1], tensor.Scalar(float32(6))) {
		t.Fatalf("got %v, %v", out, err)
	}
}

// A model whose weights lie in another file is patched, and nothing
// stays there.
func TestTapWithExternalWeights(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"external.onnx", "external.bin"} {
		b, err := os.ReadFile(filepath.Join(conform.Dir(t, "onnx"), f))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := ort.New(conform.Library(t, "onnxruntime")).Open(t.Context(), runtimes.Model{Path: filepath.Join(dir, "external.onnx")}, runtimes.Options{Taps: []string{"inner"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, err := s.Run(t.Context(), []*tensor.Tensor{tensor.New(tensor.Float32, 200)})
	if err != nil || out[0].Float32s()[199] != -199 || out[1].Float32s()[199] != 199 {
		t.Fatalf("got %v, %v", out, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestDump(t *testing.T) {
	path := filepath.Join(t.TempDir(), "optimised.onnx")
	open(t, "add", runtimes.Options{DumpPath: path})
	if st, err := os.Stat(path); err != nil || st.Size() < 50 {
		t.Fatalf("%v, %v", st, err)
	}
}

func TestTraceNamesNodes(t *testing.T) {
	s := open(t, "add", runtimes.Options{Profile: true, NoOptimize: true})
	x := tensor.New(tensor.Float32, 1, 3)
	tracer := s.(runtimes.Tracer)
	var refused *runtimes.RefusedError
	if _, err := tracer.Trace(t.Context()); !errors.As(err, &refused) {
		t.Errorf("before any run: %v", err)
	}
	if _, err := s.Run(t.Context(), []*tensor.Tensor{x, x}); err != nil {
		t.Fatal(err)
	}
	times, err := tracer.Trace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range times {
		got = append(got, l.Layer+" "+l.Type+" "+l.Exec)
	}
	slices.Sort(got)
	want := []string{
		"add Add CPUExecutionProvider float,float", "multiply Mul CPUExecutionProvider float,float",
		"negate Neg CPUExecutionProvider float",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	html := filepath.Join(dir, "libonnxruntime.so")
	if err := os.WriteFile(html, []byte("<html>404</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(dir, "none.so"), html} {
		err := ort.New(path).Check(t.Context())
		var absent *runtimes.NotAvailableError
		if !errors.As(err, &absent) || absent.Cure == "" {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestTensorRTIsAbsent: the library of the tests has no TensorRT provider.
func TestTensorRTIsAbsent(t *testing.T) {
	rt := ort.New(conform.Library(t, "onnxruntime"))
	_, err := rt.Open(t.Context(), runtimes.Model{Path: conform.For(t, "onnx").Add}, runtimes.Options{Device: "TensorRT", Extra: map[string]string{"trt_fp16_enable": "1"}})
	var absent *runtimes.NotAvailableError
	if !errors.As(err, &absent) || !strings.Contains(absent.Reason, "no working TensorRT provider") || absent.Cure == "" {
		t.Errorf("got %v", err)
	}
	t.Log(err)
}
