package target

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// Sum is a writer that computes the SHA-256 of what passes, on another core than
// the caller's. Hex ends it; it must be called, or a goroutine stays.
type Sum struct {
	full, free chan []byte
	done       chan struct{}
	once       sync.Once
	hex        string
}

// sumChunk is how much is handed over at a time, and sumChunks how far the
// writing may run ahead.
const sumChunk, sumChunks = 1 << 18, 4

// NewSum starts one.
func NewSum() *Sum {
	s := &Sum{full: make(chan []byte, sumChunks), free: make(chan []byte, sumChunks), done: make(chan struct{})}
	for range sumChunks {
		s.free <- nil // made when first needed
	}
	go func() {
		h := sha256.New()
		for b := range s.full {
			h.Write(b)
			s.free <- b[:0]
		}
		s.hex = hex.EncodeToString(h.Sum(nil))
		close(s.done)
	}()
	return s
}

// Write never fails and does not keep p.
func (s *Sum) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), sumChunk)
		s.full <- append(<-s.free, p[:k]...)
		p = p[k:]
	}
	return n, nil
}

// Hex is the sum of all that was written, in hex. Nothing may be written after
// the first call.
func (s *Sum) Hex() string {
	s.once.Do(func() { close(s.full) })
	<-s.done
	return s.hex
}
