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
		{write("/out/.private-1/net.onnx", syscall.ENOSPC), "convert.disk-full", "net.onnx cannot be written: the disk is full", "free some space on the disk of /out and"},
		{fmt.Errorf("sync: %w", syscall.EDQUOT), "convert.disk-full", "the artefact cannot be written: the disk is full", "free some space"},
		{write("/out/net.onnx", syscall.EROFS), "convert.output", "net.onnx cannot be written: the disk is read-only", "another folder than /out"},
		{write("/out/net.onnx", syscall.EACCES), "convert.output", "net.onnx cannot be written: there is no right", "another folder"},
		{write("/out/.private-1", syscall.EPERM), "convert.output", "the artefact cannot be written: there is no right to write in", "another folder"},
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
