//go:build cgo

package ort_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/conform"
)

// TestNothingIsRecorded runs a model in a process with a home of its own and
// expects that the library writes nothing there: neither an identifier of the
// machine nor what it would send. The variables that a continuous integration
// has, which keep it silent too, are taken away.
func TestNothingIsRecorded(t *testing.T) {
	if os.Getenv("ORT_TEST_RECORDED") != "" {
		s := open(t, "add", runtimes.Options{})
		x := tensor.New(tensor.Float32, 1, 3)
		if _, err := s.Run(t.Context(), []*tensor.Tensor{x, x}); err != nil {
			t.Fatal(err)
		}
		return
	}
	library := conform.Library(t, "onnxruntime")
	home := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsRecorded$", "-test.v")
	cmd.Env = []string{
		"ORT_TEST_RECORDED=1", "HOME=" + home, "TMPDIR=" + home, "XDG_CACHE_HOME=" + home,
		"PATH=" + os.Getenv("PATH"), "SLIPWAY_ONNXRUNTIME=" + library,
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v: %s", err, out)
	}
	err = filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
		if err == nil && path != home {
			t.Errorf("written: %s", strings.TrimPrefix(path, home))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
