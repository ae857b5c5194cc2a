package coreml_test

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/rebuild.py
var rebuildScript string

// rebuild has coremltools rebuild the packages as typed programs: it reads the
// weights, looks up every operation and its arguments, and compares each
// declared type with its own inference. It returns why it refused, by path. The
// test is skipped where STUDIO_COREML_VENV names no environment that has it.
func rebuild(t *testing.T, paths []string) map[string]string {
	t.Helper()
	cmd := exec.Command(coremltools(t), "-c", rebuildScript)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	why := map[string]string{}
	seen := map[string]bool{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		var r struct {
			Path, Error string
			Ops         int
		}
		if json.Unmarshal(s.Bytes(), &r) != nil {
			continue
		}
		seen[r.Path] = true
		if r.Error == "" && r.Ops == 0 {
			r.Error = "the rebuilt program is empty"
		}
		if r.Error != "" {
			why[r.Path] = r.Error
		}
	}
	for _, p := range paths {
		if !seen[p] {
			tail := stderr.String()
			t.Fatalf("coremltools gave no answer for %s: %v %s", p, err, tail[max(0, len(tail)-800):])
		}
	}
	return why
}

// coremltools is the interpreter that has it; without one the test is skipped.
func coremltools(t *testing.T) string {
	t.Helper()
	python := filepath.Join(os.Getenv("STUDIO_COREML_VENV"), "bin", "python")
	if _, err := os.Stat(python); err != nil || os.Getenv("STUDIO_COREML_VENV") == "" {
		t.Skip("coremltools is absent: set STUDIO_COREML_VENV")
	}
	return python
}
