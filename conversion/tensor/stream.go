package tensor

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"unsafe"
)

// streamChunk is how much of a tensor is handed over at a time, and bandBytes
// how much of a transposed one is put together at a time.
const (
	streamChunk = 4 << 20
	bandBytes   = 16 << 20
)

// WriteTo writes t's bytes to w in pieces. What lies in a mapped file is given
// back to the system behind them, and what is transposed is put together band by
// band, so that writing a tensor costs little memory whatever its size.
func (t *Tensor) WriteTo(w io.Writer) (int64, error) {
	n := int64(0)
	err := t.Chunks(func(b []byte) error {
		k, err := w.Write(b)
		n += int64(k)
		return err
	})
	return n, err
}

// Chunks calls f on consecutive pieces of t's bytes, as WriteTo does; f must not
// keep them. The first error ends it.
func (t *Tensor) Chunks(f func([]byte) error) error {
	if t.later != nil {
		if t.later.stream != nil && t.Size() > streamChunk {
			return t.later.stream(f)
		}
		return f(t.Bytes())
	}
	for from := 0; from < len(t.data); from += streamChunk {
		b := t.data[from:min(from+streamChunk, len(t.data))]
		if err := f(b); err != nil {
			return err
		}
		t.giveBack(b)
	}
	return nil
}

// SameBytes reports whether a and b, which are as large as each other, have the
// same bytes. Like Chunks it gives back what it has read.
func SameBytes(a, b *Tensor) bool {
	x, y := a.Bytes(), b.Bytes()
	if len(x) != len(y) {
		return false
	}
	for from := 0; from < len(x); from += streamChunk {
		to := min(from+streamChunk, len(x))
		same := bytes.Equal(x[from:to], y[from:to])
		a.giveBack(x[from:to])
		b.giveBack(y[from:to])
		if !same {
			return false
		}
	}
	return true
}

func (t *Tensor) giveBack(b []byte) {
	if t.release != nil && t.later == nil {
		t.release(b)
	}
}

// Sample is a text that is equal for tensors of equal bytes, and nearly always
// different for others: a few of the bytes.
func (t *Tensor) Sample() string {
	const piece = 1 << 10
	b := t.Bytes()
	if len(b) <= 4*piece {
		return string(b)
	}
	out := make([]byte, 0, 4*piece)
	for i := range 4 {
		at := (len(b) - piece) / 3 * i
		out = append(out, b[at:at+piece]...)
	}
	return string(out)
}

// Transposed is t with its axes reordered: axis i of the result is axis perm[i]
// of t. Large results are put together when they are asked for or written. Four-
// bit elements and strings cannot be transposed; nor can anything by a perm that
// does not name each axis once.
func (t *Tensor) Transposed(perm ...int) (*Tensor, error) {
	rank := t.Rank()
	seen := make([]bool, rank)
	shape := make([]int, rank)
	if len(perm) != rank {
		return nil, fmt.Errorf("tensor: %v cannot transpose %v", perm, t.shape)
	}
	for i, p := range perm {
		if p < 0 || p >= rank || seen[p] {
			return nil, fmt.Errorf("tensor: %v cannot transpose %v", perm, t.shape)
		}
		seen[p], shape[i] = true, t.shape[p]
	}
	if t.dtype == String || t.dtype.Bits() < 8 {
		return nil, fmt.Errorf("tensor: %v cannot be transposed", t.dtype)
	}
	m := newMove(t, perm)
	if m.identity() || t.Len() == 0 {
		return t.Reshape(shape...)
	}
	if t.later != nil && t.later.from != nil && slices.Equal(t.later.fromShape(), t.shape) {
		both := make([]int, rank)
		for i, p := range perm {
			both[i] = t.later.perm[p]
		}
		return t.later.from.Transposed(both...)
	}
	make := func() *Tensor {
		out := New(t.dtype, shape...)
		at := 0
		_ = m.run(func(b []byte) error { // copying cannot fail
			at += copy(out.data[at:], b)
			return nil
		})
		return out
	}
	if t.Size() < bandBytes {
		return make(), nil
	}
	out := Deferred(t.dtype, shape, make)
	out.later.from, out.later.perm, out.later.stream = t, slices.Clone(perm), m.run
	return out, nil
}

// fromShape is the shape of the transposed tensor before it was viewed in
// another one.
func (d *deferred) fromShape() []int {
	s := make([]int, len(d.perm))
	for i, p := range d.perm {
		s[i] = d.from.shape[p]
	}
	return s
}

// move is a transposition in its simplest form: axes of size 1 are gone, and
// those that stay side by side are one.
type move struct {
	t    *Tensor
	dims []int // of the source
	perm []int
	size int // of an element
}

func newMove(t *Tensor, perm []int) *move {
	m := &move{t: t, size: t.dtype.Bits() / 8}
	// Groups of source axes that the result has side by side, in its order.
	var groups [][]int
	for _, p := range perm {
		if t.shape[p] == 1 {
			continue
		}
		if n := len(groups); n > 0 {
			last := groups[n-1][len(groups[n-1])-1]
			between := true
			for a := last + 1; a < p; a++ {
				between = between && t.shape[a] == 1
			}
			if last < p && between {
				groups[n-1] = append(groups[n-1], p)
				continue
			}
		}
		groups = append(groups, []int{p})
	}
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return groups[a][0] - groups[b][0] })
	m.perm = make([]int, len(groups))
	for i, g := range order {
		n := 1
		for _, a := range groups[g] {
			n *= t.shape[a]
		}
		m.dims = append(m.dims, n)
		m.perm[g] = i
	}
	return m
}

func (m *move) identity() bool { return slices.IsSorted(m.perm) }

// run puts the result together band by band: each is a range of the result's
// outermost axis.
func (m *move) run(f func([]byte) error) error {
	outer := m.dims[m.perm[0]]
	block := m.t.Size() / outer
	band := max(1, min(outer, bandBytes/max(block, 1)))
	// Bands that start on the same element of a page read no page twice.
	if page := 4096 / m.size; m.perm[0] != 0 && band > page {
		band -= band % page
	}
	buf := alignedBytes(band * block)
	src := m.t.Bytes()
	for lo := 0; lo < outer; lo += band {
		hi := min(lo+band, outer)
		dst := buf[:(hi-lo)*block]
		switch m.size {
		case 1:
			fillBand[uint8](m, dst, src, lo, hi)
		case 2:
			fillBand[uint16](m, dst, src, lo, hi)
		case 4:
			fillBand[uint32](m, dst, src, lo, hi)
		case 8:
			fillBand[uint64](m, dst, src, lo, hi)
		default:
			fillBand[[16]byte](m, dst, src, lo, hi)
		}
		if err := f(dst); err != nil {
			return err
		}
	}
	m.t.Drop()
	return nil
}

// releaseEvery is how much of the source is read between two releases.
const releaseEvery = 4 << 20

// fillBand makes the indices lo to hi of the result's outermost axis. It walks the
// source from its beginning to its end and gives read pages back behind itself.
func fillBand[E any](m *move, out, in []byte, lo, hi int) {
	rank := len(m.dims)
	dst := unsafe.Slice((*E)(unsafe.Pointer(unsafe.SliceData(out))), len(out)/m.size)
	sizes := slices.Clone(m.dims) // of the part of the source
	sizes[m.perm[0]] = hi - lo
	// The distance, in the result, between neighbours on each source axis.
	step := make([]int, rank)
	for i, s := rank-1, 1; i >= 0; i-- {
		step[m.perm[i]] = s
		s *= sizes[m.perm[i]]
	}
	stride := make([]int, rank)
	for a, s := rank-1, 1; a >= 0; a-- {
		stride[a] = s
		s *= m.dims[a]
	}
	first := 0
	if m.perm[0] == 0 {
		first = lo * stride[0]
	}
	outermost := sizes[0]
	// Rows of the source that are walked together keep neighbours in the result
	// close in time.
	span := stride[0] * m.size
	group := max(1, min(outermost, releaseEvery/max(span, 1)))
	released := first * m.size
	for a := 0; a < outermost; a += group {
		n := min(group, outermost-a)
		Parallel(n, max(1, (1<<16)*outermost/len(dst)), func(from, to int) {
			part := slices.Clone(sizes)
			part[0] = to - from
			at := first + (a+from)*stride[0]
			if m.perm[0] != 0 {
				at += lo * stride[m.perm[0]]
			}
			scatter(dst[(a+from)*step[0]:], in, at, part, stride, step)
		})
		if end := (first + (a+n)*stride[0]) * m.size; m.t.release != nil && m.t.later == nil {
			m.t.release(in[released:min(end, len(in))])
			released = end
		}
	}
}

// tile is how many elements of the outer axis are moved side by side.
const tile = 16

// scatter copies the part of in that starts at element at and has the given
// sizes; strides and steps count elements of in and dst.
func scatter[E any](dst []E, in []byte, at int, sizes, stride, step []int) {
	if len(sizes) == 2 {
		scatterPlane(dst, in, at, sizes, stride, step)
		return
	}
	for i := range sizes[0] {
		scatter(dst[i*step[0]:], in, at+i*stride[0], sizes[1:], stride[1:], step[1:])
	}
}

func scatterPlane[E any](dst []E, in []byte, at int, sizes, stride, step []int) {
	var e E
	w := int(unsafe.Sizeof(e))
	base := unsafe.Pointer(unsafe.SliceData(in))
	if stride[1] == 1 && step[1] == 1 {
		for i := range sizes[0] {
			from := (at + i*stride[0]) * w
			row := dst[i*step[0]:][:sizes[1]]
			copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(row))), len(row)*w), in[from:])
		}
		return
	}
	for i0 := 0; i0 < sizes[0]; i0 += tile {
		n := min(tile, sizes[0]-i0)
		for j := range sizes[1] {
			from := at + i0*stride[0] + j*stride[1]
			to := i0*step[0] + j*step[1]
			for range n {
				// Elements in mapped files are seldom aligned; reading them so is
				// allowed for types without pointers.
				dst[to] = *(*E)(unsafe.Add(base, from*w))
				from += stride[0]
				to += step[0]
			}
		}
	}
}
