package all

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/source"
)

// An engine is no model; what it was built for, its build file says.
func TestEngineIsNoModel(t *testing.T) {
	const built = `{"model": "net.onnx", "built": {"gpu": "NVIDIA L4", "compute": "8.9", "tensorrt": "10.9.0"}}`
	for name, c := range map[string]struct{ file, note, want, cure string }{
		"by name":    {"net.engine", "", "one GPU and one version", "ONNX model"},
		"with note":  {"net.engine", built, "NVIDIA L4 (compute capability 8.9) by TensorRT 10.9.0", "net.onnx"},
		"by content": {"net.bin", "", "one GPU and one version", "ONNX model"},
		"other note": {"net.engine", `{"model": "net.onnx"}`, "one GPU and one version", "ONNX model"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte("ftrt\x00\x01\x02"), 0o644); err != nil {
			t.Fatal(err)
		}
		if c.note != "" {
			if err := os.WriteFile(filepath.Join(dir, "net.build.json"), []byte(c.note), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Open(context.Background(), filepath.Join(dir, c.file), source.Options{})
		var f *diag.Finding
		if !errors.As(err, &f) || f.Code != "source.engine" || !strings.Contains(f.Text, c.want) || !strings.Contains(f.Suggestion, c.cure) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
