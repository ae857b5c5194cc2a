package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "a.txt")
	if err := Write(p, []byte("old")); err != nil {
		t.Fatal(err)
	}
	err := WriteFrom(p, func(w io.Writer) error {
		w.Write([]byte("half of the new"))
		return errors.New("disk full")
	})
	if err == nil {
		t.Fatal("no error")
	}
	if b, _ := os.ReadFile(p); string(b) != "old" {
		t.Errorf("the old file became %q", b)
	}
	if e, _ := os.ReadDir(dir); len(e) != 1 {
		t.Errorf("left behind: %v", e)
	}
}

func TestPublishReplacesAFolder(t *testing.T) {
	dir := t.TempDir()
	final := filepath.Join(dir, "out")
	for _, text := range []string{"one", "two"} {
		private := filepath.Join(dir, "private")
		if err := os.MkdirAll(filepath.Join(private, "sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(private, "sub", "f"), []byte(text), 0o644)
		if err := Publish(private, final); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(filepath.Join(final, "sub", "f")); string(b) != text {
			t.Errorf("got %q, want %q", b, text)
		}
	}
	if e, _ := os.ReadDir(dir); len(e) != 1 {
		t.Errorf("left behind: %v", e)
	}
}
