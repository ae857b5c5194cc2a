package filemap

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, noMap := range []bool{false, true} {
		f, err := Open(path, noMap)
		if err != nil {
			t.Fatal(err)
		}
		if string(f.Bytes()) != "abc" || cap(f.Bytes()) != 3 || f.mapped == noMap {
			t.Errorf("noMap %v: %q, capacity %d, mapped %v", noMap, f.Bytes(), cap(f.Bytes()), f.mapped)
		}
		for range 2 {
			if err := f.Close(); err != nil || f.Bytes() != nil {
				t.Errorf("close: %v", err)
			}
		}
	}
}

func TestEmptyAndMissing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "empty")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, false)
	if err != nil || len(f.Bytes()) != 0 {
		t.Errorf("empty file: %v", err)
	}
	if _, err := Open(dir, false); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(filepath.Join(dir, "none"), false); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
}
