package testkit

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed ort_cases.py
var ortCases string

// ORTCases are models of one operator with random inputs and the outputs that
// ONNX Runtime computes for them: operators of the domain com.microsoft, and
// standard ones in forms that ONNX's own cases lack. The test is skipped where
// the Python packages are absent.
func ORTCases(t testing.TB) []ONNXCase {
	t.Helper()
	python, root := Python(t), t.TempDir()
	cmd := exec.Command(python, "-c", ortCases, root)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if len(out) > 0 {
		t.Errorf("ONNX Runtime refuses:\n%s", out)
	}
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var cases []ONNXCase
	for _, d := range dirs {
		dir := filepath.Join(root, d.Name())
		data := filepath.Join(dir, "test_data_set_0")
		cases = append(cases, ONNXCase{
			Name: d.Name(), Model: filepath.Join(dir, "model.onnx"),
			Inputs: numbered(filepath.Join(data, "input_")), Outputs: numbered(filepath.Join(data, "output_")),
		})
	}
	return cases
}
