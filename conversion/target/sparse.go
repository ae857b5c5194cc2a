package target

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// Sparse writes a file from its beginning to its end and leaves holes where it
// is all zeros, which take no room on the disk: pruned and padded weights.
type Sparse struct {
	f        *os.File
	at, real int64 // the length so far, and up to where it was written
	closed   bool
}

// hole is the least run of zeros, at a multiple of itself, that is left out.
const hole = 64 << 10

var zeros [hole]byte

// CreateSparse makes the file or empties it.
func CreateSparse(path string) (*Sparse, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Sparse{f: f}, nil
}

// Write appends.
func (s *Sparse) Write(p []byte) (int, error) {
	if s.closed {
		return 0, os.ErrClosed
	}
	done := 0
	for done < len(p) {
		// A piece is what is written at once, or one hole.
		n := len(p) - done
		empty := false
		if to := int(hole - s.at%hole); to < n || s.at%hole == 0 {
			if to == hole && n >= hole && bytes.Equal(p[done:done+hole], zeros[:]) {
				n, empty = hole, true
			} else if n > to {
				// Up to where the next hole may start.
				n = to
				for done+n+hole <= len(p) && !bytes.Equal(p[done+n:done+n+hole], zeros[:]) {
					n += hole
				}
				if done+n+hole > len(p) {
					n = len(p) - done
				}
			}
		}
		if !empty {
			if _, err := s.f.WriteAt(p[done:done+n], s.at); err != nil {
				return done, err
			}
			s.real = s.at + int64(n)
		}
		s.at += int64(n)
		done += n
	}
	return done, nil
}

// WriteAt replaces what was written before.
func (s *Sparse) WriteAt(p []byte, at int64) (int, error) {
	if at < 0 || at+int64(len(p)) > s.at {
		return 0, io.ErrShortWrite
	}
	s.real = max(s.real, at+int64(len(p)))
	return s.f.WriteAt(p, at)
}

// Close ends the file; more calls do nothing.
func (s *Sparse) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.real < s.at {
		err = s.f.Truncate(s.at)
	}
	return errors.Join(err, s.f.Close())
}
