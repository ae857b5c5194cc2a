package target

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func TestSparse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		path := filepath.Join(t.TempDir(), "f")
		s, err := CreateSparse(path)
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for range 1 + rng.IntN(8) {
			p := make([]byte, rng.IntN(4*hole))
			switch rng.IntN(3) {
			case 0:
				for i := range p {
					p[i] = byte(rng.Uint32())
				}
			case 1:
				if len(p) > 0 {
					p[rng.IntN(len(p))] = 1
				}
			}
			if rng.IntN(2) == 0 {
				p = append(p, make([]byte, 2*hole-len(want)%hole)...)
			}
			if n, err := s.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			want = append(want, p...)
		}
		if len(want) > 8 {
			copy(want, "slipway!")
			if _, err := s.WriteAt(want[:8], 0); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes read, %d written, %v", len(got), len(want), err)
		}
	}
}

// A file of zeros takes no room, where the file system has holes.
func TestSparseHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	s, err := CreateSparse(path)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for range 64 {
		if _, err := s.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Size() != 64<<20+1 {
		t.Fatalf("%v, %v", st, err)
	}
	if n, ok := occupied(st); ok && n > 1<<20 {
		t.Errorf("64 MB of zeros take %d bytes", n)
	}
	if _, err := s.Write(block); err == nil {
		t.Error("a closed file took more")
	}
}
