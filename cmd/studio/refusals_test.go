package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusedOnce: what keeps a model from all targets is said once, with their
// names together, and what keeps it from some names nobody twice.
func TestRefusedOnce(t *testing.T) {
	write := func(name, op string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, onnxFile(message(nil).sub(1, node(op, "f", "x", "y"))), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, op   string
		once, each string // in what is printed: said once for all, said by one each
	}{
		{"unknown.onnx", "Frobnicate", "Frobnicate is not supported", ""},
		{"random.onnx", "RandomNormalLike", "", "RandomNormal has no|equivalent of RandomNormal|layer for RandomNormal"},
	} {
		model := write(c.name, c.op)
		for _, args := range [][]string{{"inspect", model, "--target", "tflite,coreml,ncnn"}, {"convert", model, "--to", "tflite,coreml,ncnn", "-o", t.TempDir()}} {
			text := studio(t, args...).stdout
			if args[0] == "inspect" {
				_, text, _ = strings.Cut(text, "attributes\n") // the layers' table names operators too
				_, text, _ = strings.Cut(text, "\n")
			}
			if n := strings.Count(text, c.once); c.once != "" && n != 1 {
				t.Errorf("%s: %q stands %d times in\n%s", args[0], c.once, n, text)
			}
			for _, each := range strings.Split(c.each, "|") {
				if n := strings.Count(text, each); each != "" && n != 1 {
					t.Errorf("%s: %q stands %d times in\n%s", args[0], each, n, text)
				}
			}
			if c.once != "" && !strings.Contains(text, "tflite, coreml, ncnn: ") {
				t.Errorf("%s: the targets are not named together in\n%s", args[0], text)
			}
			for _, line := range strings.Split(text, "\n") {
				if strings.Contains(line, "takes it") && strings.Count(strings.ToLower(line), "onnx") != 1 {
					t.Errorf("%s names a target twice: %s", args[0], line)
				}
			}
		}
	}
}
