//go:build unix

package onnx_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// fifo makes a pipe that nobody writes to.
func fifo(t *testing.T, dir string) {
	if err := unix.Mkfifo(filepath.Join(dir, "w.bin"), 0o600); err != nil {
		t.Skip(err)
	}
}
