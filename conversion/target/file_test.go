package target

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("slipway\n"), 3*flushEvery/8+1)
	for p := want; len(p) > 0; p = p[min(len(p), 1<<20+3):] {
		if _, err := f.Write(p[:min(len(p), 1<<20+3)]); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	sum := sha256.Sum256(want)
	if err != nil || !bytes.Equal(got, want) || f.SHA256() != hex.EncodeToString(sum[:]) {
		t.Errorf("%d bytes of %d, sum %s, %v", len(got), len(want), f.SHA256(), err)
	}
	if _, err := f.Write([]byte{1}); err == nil {
		t.Error("a closed file took more")
	}
}
