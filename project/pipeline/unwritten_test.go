package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestUnwrittenNamesTheFileAndTheCure(t *testing.T) {
	write := func(path string, no error) error {
		return fmt.Errorf("plan: onnx: %w", &fs.PathError{Op: "write", Path: path, Err: no})
	}
	for _, c := range []struct {
		err              error
		code, says, cure string
	}{
		{write("/out/.private-1/net.onnx", syscall.ENOSPC), "convert.disk-full", "the disk is full: net.onnx cannot be written", "free some space on the disk of /out and"},
		{fmt.Errorf("sync: %w", syscall.EDQUOT), "convert.disk-full", "the disk is full: the artefact cannot", "free some space"},
		{write("/out/net.onnx", syscall.EROFS), "convert.output", "the disk is read-only: net.onnx", "another folder than /out"},
		{write("/out/net.onnx", syscall.EACCES), "convert.output", "net.onnx cannot be written: there is no right", "another folder than /out"},
		{write("/models/net.onnx", syscall.EACCES), "", "", ""}, // that is the source
		{errors.New("bug"), "", "", ""},
	} {
		f := Unwritten("/out", c.err)
		if c.code == "" {
			if f != nil {
				t.Errorf("%v: %v", c.err, f)
			}
			continue
		}
		if f == nil || f.Code != c.code || !strings.Contains(f.Text, c.says) || !strings.Contains(f.Suggestion, c.cure) || strings.Contains(f.Text, ".private") {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}
