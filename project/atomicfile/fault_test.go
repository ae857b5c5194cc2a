package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnwrittenNamesPlaceReasonAndCure, of faults as the system reports them.
func TestUnwrittenNamesPlaceReasonAndCure(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	no := func(path string, err error) error {
		return fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: path, Err: err})
	}
	for name, c := range map[string]struct {
		err        error
		says, cure string
	}{
		"full":                     {no(filepath.Join(dir, "a"), syscall.ENOSPC), "the disk is full", "free some space on the disk of " + dir},
		"a quota":                  {no(filepath.Join(dir, "a"), syscall.EDQUOT), "the disk is full", "free some space"},
		"read-only":                {no(filepath.Join(dir, "a"), syscall.EROFS), "the disk is read-only", "another folder than " + dir},
		"forbidden":                {no(filepath.Join(dir, ".private-7", "a"), syscall.EACCES), "no right to write in " + dir, "get the right"},
		"immutable, not yet there": {no(filepath.Join(dir, "new", "b"), syscall.EPERM), "no right to write in " + dir, "get the right"},
		"below a file":             {os.MkdirAll(filepath.Join(file, "below"), 0o755), file + " is a file, not a folder", "move that away"},
		"in a file":                {temp(file), file + " is a file, not a folder", "move that away"},
		"onto a folder":            {os.Rename(file, folder), folder + " is a folder, not a file", "move that away"},
		"a written file":           {Write(folder, nil), folder + " is a folder, not a file", "move that away"},
	} {
		f := Unwritten("a.code", "net.onnx", dir, c.err)
		if f == nil || f.Code != "a.code" || !strings.HasPrefix(f.Text, "net.onnx cannot be written: ") || !strings.HasSuffix(f.Text, c.says) || !strings.Contains(f.Suggestion, c.cure) || strings.Contains(f.Error(), ".private") {
			t.Errorf("%s: %v gives %v", name, c.err, f)
		}
	}
	for _, err := range []error{nil, errors.New("bug"), fs.ErrPermission, no("x", syscall.EIO)} {
		if f := Unwritten("a.code", "x", dir, err); f != nil {
			t.Errorf("%v gives %v", err, f)
		}
	}
	if l := Findings("a.code", "x", dir, errors.New("bug")); len(l) != 1 || l[0].Text != "bug" {
		t.Errorf("%v", l)
	}
}

func temp(dir string) error {
	_, err := os.MkdirTemp(dir, ".private-")
	return err
}
