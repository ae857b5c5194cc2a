package worker

import (
	"strings"
	"sync"
)

// ring keeps the last bytes written to it.
type ring struct {
	mu   sync.Mutex
	buf  []byte
	next int
	full bool
}

const ringSize = 64 << 10

func newRing() *ring { return &ring{buf: make([]byte, ringSize)} }

// Write never fails and never keeps more than the ring holds.
func (r *ring) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(p)
	if n > len(r.buf) {
		p = p[n-len(r.buf):]
	}
	for len(p) > 0 {
		c := copy(r.buf[r.next:], p)
		p = p[c:]
		r.next += c
		if r.next == len(r.buf) {
			r.next, r.full = 0, true
		}
	}
	return n, nil
}

// String is what is kept, oldest first.
func (r *ring) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.full {
		return string(r.buf[:r.next])
	}
	return string(r.buf[r.next:]) + string(r.buf[:r.next])
}

// tail is the end of what is kept that says why a process died: at most 4 KB,
// without the stacks that Go prints after its reason.
func (r *ring) tail() string {
	const limit = 4 << 10
	s := r.String()
	if i := strings.Index(s, "\ngoroutine "); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimSpace(s)
	if len(s) > limit {
		s = "…" + s[len(s)-limit:]
	}
	return strings.ToValidUTF8(s, "?")
}
