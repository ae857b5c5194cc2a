package conform

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/runtimes/library"
)

// Models names the files of one format, all with the same meaning, and what a
// runtime of that format can do beyond the common.
type Models struct {
	// Add has inputs x and y, f32[-1,3], and outputs neg = -(x+y) and
	// product = x*y; x+y is called sum.
	Add string
	// Twice has, by element type, x[2] and y[4] = x after x.
	Twice map[tensor.DType]string
	// Slow takes x, f32[384,384], and a second or more.
	Slow string

	Taps       bool // sum can be tapped in Add
	Profile    bool // sessions opened for profiling implement runtimes.Tracer
	Cancel     bool // a run that is under way ends when its context does
	NoOptimize bool
}

// Dir is the folder of the suite's files of one format.
func Dir(t testing.TB, format string) string {
	return filepath.Join(testkit.Root(t), "runtimes", "conform", "testdata", format)
}

// For lists the suite's files of a format: "onnx", "openvino", "tflite" or
// "ncnn", which knows 32-bit floats alone and has no slow model.
func For(t testing.TB, format string) Models {
	t.Helper()
	ext := map[string]string{"onnx": ".onnx", "openvino": ".xml", "tflite": ".tflite", "ncnn": ".param"}[format]
	dir := Dir(t, format)
	m := Models{Add: filepath.Join(dir, "add"+ext), Slow: filepath.Join(dir, "slow"+ext), Twice: map[tensor.DType]string{}}
	files, err := filepath.Glob(filepath.Join(dir, "twice_*"+ext))
	if err != nil || len(files) < 5 && format != "ncnn" || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), dir, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "twice_"), ext)
		d, err := tensor.ParseDType(name)
		if err != nil {
			t.Fatal(err)
		}
		m.Twice[d] = f
	}
	return m
}

// Library is the path of a vendor library; the test is skipped where there is
// none.
func Library(t testing.TB, name string) string {
	t.Helper()
	found, err := library.Find(name)
	var missing *library.NotFoundError
	if errors.As(err, &missing) {
		t.Skipf("%v; %s", err, missing.Suggestion())
	}
	if err != nil {
		t.Fatal(err)
	}
	return found.Path
}

// spoiled writes a damaged copy of a file, under the file's own name, and its
// companion (.bin beside .xml and .param) as it is.
func spoiled(t *testing.T, path string, damage func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(out, damage(data), 0o600); err != nil {
		t.Fatal(err)
	}
	if ext := filepath.Ext(path); ext == ".xml" || ext == ".param" {
		weights := strings.TrimSuffix(path, ext) + ".bin"
		data, err := os.ReadFile(weights)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(weights)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
