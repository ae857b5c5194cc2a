package filemap

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Released pages read the same again; bytes that are no map's stay as they are.
func TestRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	want := bytes.Repeat([]byte("slipway "), 1<<17)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	Release(f.Bytes()[100 : len(want)-100])
	Release(f.Bytes())
	if !bytes.Equal(f.Bytes(), want) {
		t.Error("a released map reads differently")
	}
	heap := bytes.Clone(want)
	Release(heap)
	if !bytes.Equal(heap, want) {
		t.Error("bytes of nobody's map were touched")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if len(maps.live) != 0 {
		t.Errorf("%d maps are remembered after their end", len(maps.live))
	}
}
