package target

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func TestSum(t *testing.T) {
	for _, n := range []int{0, 1, sumChunk, sumChunk + 1, 7*sumChunk + 13} {
		data := bytes.Repeat([]byte{1, 2, 3, 5, 7}, n/5+1)[:n]
		want := sha256.Sum256(data)
		s := NewSum()
		part := bytes.Clone(data[:n/3])
		if k, err := s.Write(part); k != len(part) || err != nil {
			t.Fatal(k, err)
		}
		clear(part) // the writer's own again
		s.Write(data[n/3:])
		if got := s.Hex(); got != hex.EncodeToString(want[:]) || s.Hex() != got {
			t.Errorf("%d bytes: %s", n, got)
		}
	}
}
