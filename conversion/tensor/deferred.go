package tensor

import (
	"slices"
	"sync"
	"unsafe"
	"weak"
)

// deferred is the recipe for a tensor's bytes. They are kept as long as somebody
// holds them and made again when asked for after that, so that a large model's
// changed weights need not all be in memory at once.
type deferred struct {
	make func() *Tensor
	size int

	// Of transposed tensors: what of, how, and the same piece by piece.
	from   *Tensor
	perm   []int
	stream func(func([]byte) error) error

	mu   sync.Mutex
	kept weak.Pointer[byte]
}

// Deferred makes a tensor whose elements are computed by make whenever they are
// asked for and not in memory any more. make must give the same tensor, of this
// type and shape, every time; what it reads must stay until the last use.
func Deferred(dtype DType, shape []int, make func() *Tensor) *Tensor {
	t := &Tensor{dtype: dtype, shape: slices.Clone(shape)}
	t.later = &deferred{make: make, size: dtype.ByteSize(t.Len())}
	return t
}

// IsDeferred reports whether t was made by Deferred.
func (t *Tensor) IsDeferred() bool { return t.later != nil }

func (d *deferred) bytes() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.kept.Value(); p != nil {
		return unsafe.Slice(p, d.size)
	}
	b := d.make().Bytes()
	if len(b) != d.size {
		panic("tensor: a deferred tensor changed its size")
	}
	if len(b) > 0 {
		d.kept = weak.Make(&b[0])
	}
	return b
}

// Backed says that t's bytes lie in memory that can be filled again by itself, a
// memory map; release gives such bytes back to the system. It returns t.
func (t *Tensor) Backed(release func([]byte)) *Tensor {
	t.release = release
	return t
}

// Drop says that t's bytes will not be needed for a while. They stay valid: at
// the next use they are read from their file again. It does nothing for tensors
// that are not backed by one.
func (t *Tensor) Drop() {
	if t.later != nil && t.later.from != nil {
		t.later.from.Drop()
	}
	if t.release != nil && len(t.data) > 0 {
		t.release(t.data)
	}
}
