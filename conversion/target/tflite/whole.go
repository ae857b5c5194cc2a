package tflite

import (
	"slices"
	"strconv"
	"strings"

	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// An operator that XNNPACK does not take cuts the graph in two, and its own
// kernel is seldom fast. What moves elements can mostly be said in operators
// that XNNPACK has.

// What XNNPACK's delegate takes at most.
const (
	maxJoined = 5 // operands of a CONCATENATION
	maxParts  = 4 // results of a SPLIT
	maxSliced = 5 // dimensions of a SLICE, in the runtime's own kernel
	maxRank   = 6
	maxOnes   = 1 << 20 // elements of a constant that only repeats
)

// fast reports whether XNNPACK takes operators that move the elements of t.
func (w *writer) fast(t int) bool {
	x := w.m.Tensors[t]
	return (x.Type == fb.Float32 || x.Type == fb.Int8 && x.Quant != nil) && unknowns(x.Shape) == 0 && !slices.Contains(x.Shape, 0)
}

// join writes the concatenation of the tensors in along a stored axis into y.
// More of them than XNNPACK joins at once begin with one that was made before,
// as in dense blocks, or are joined in groups.
func (w *writer) join(in []int, axis int, y int) {
	if len(in) > maxJoined && w.fast(y) {
		in = w.grouped(in, axis, y)
	}
	w.op(fb.Concatenation, fb.ConcatenationOptions{Axis: int32(axis)}, in, y)
	if w.joined == nil {
		w.joined = map[string]int{}
	}
	w.joined[joinKey(in, axis)] = y
}

func (w *writer) grouped(in []int, axis, y int) []int {
	// The longest beginning that is there already, in the same numbers.
	for k := len(in) - 1; k > 1; k-- {
		if t, ok := w.joined[joinKey(in[:k], axis)]; ok && sameQuant(w.m.Tensors[t].Quant, w.m.Tensors[y].Quant) {
			return w.grouped(append([]int{t}, in[k:]...), axis, y)
		}
	}
	for len(in) > maxJoined {
		var next []int
		for part := range slices.Chunk(in, maxJoined) {
			if len(part) == 1 {
				next = append(next, part[0])
				continue
			}
			dims := slices.Clone(w.m.Tensors[y].Shape)
			dims[axis] = 0
			for _, t := range part {
				dims[axis] += w.m.Tensors[t].Shape[axis]
			}
			t := w.temp(y, dims)
			w.op(fb.Concatenation, fb.ConcatenationOptions{Axis: int32(axis)}, part, t)
			next = append(next, t)
		}
		in = next
	}
	return in
}

func joinKey(in []int, axis int) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(axis))
	for _, t := range in {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(t))
	}
	return b.String()
}

func sameQuant(a, b *fb.Quant) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Dim == b.Dim && slices.Equal(a.Scale, b.Scale) && slices.Equal(a.Zero, b.Zero)
}

// slice writes the size elements from begin on.
func (w *writer) slice(x int, begin, size []int32) int {
	y := w.temp(x, size)
	w.op(fb.Slice, nil, []int{x, w.int32s(begin), w.int32s(size)}, y)
	return y
}

// everyNth is a STRIDED_SLICE with steps above 1 in operators without any: an
// axis of k*step elements is seen as k rows of step, of which one column stays.
// count are the numbers of elements that stay. ok is false where a last row is
// not complete, or the axes are too many.
func (w *writer) everyNth(x int, begin, step, count []int32) (y int, ok bool) {
	dims := w.m.Tensors[x].Shape
	if !w.fast(x) || slices.Contains(count, 0) {
		return 0, false
	}
	first, window := make([]int32, len(dims)), make([]int32, len(dims))
	var rows, at, size []int32
	// Neighbours that both stay whole are one axis.
	whole := false
	add := func(d, from, n int32) {
		if k := len(rows) - 1; whole && n == d {
			rows[k], size[k] = rows[k]*d, size[k]*d
			return
		}
		rows, at, size = append(rows, d), append(at, from), append(size, n)
		whole = n == d
	}
	for a, d := range dims {
		if step[a] < 1 || count[a]*step[a] > d {
			return 0, false
		}
		first[a], window[a] = min(begin[a], d-count[a]*step[a]), count[a]*step[a]
		add(count[a], 0, count[a])
		if step[a] > 1 {
			add(step[a], begin[a]-first[a], 1)
		}
	}
	if len(rows) > maxSliced {
		return 0, false
	}
	if !slices.Equal(window, dims) {
		x = w.slice(x, first, window)
	}
	return w.slice(w.reshape(x, rows), at, size), true
}

// repeated is each row and column of a channels-last picture, so and so many
// times over.
func (w *writer) repeated(x int, rows, columns int) (y int, ok bool) {
	s := w.m.Tensors[x].Shape
	if !w.fast(x) || len(s) != 4 || rows > maxJoined || columns > maxJoined {
		return 0, false
	}
	times := func(n, axis int) {
		if n == 1 {
			return
		}
		dims := slices.Clone(w.m.Tensors[x].Shape)
		dims[axis] *= int32(n)
		t := w.temp(x, dims)
		w.join(slices.Repeat([]int{x}, n), axis, t)
		x = t
	}
	// A pixel repeated lies behind itself, and then a row of pixels.
	times(columns, 3)
	times(rows, 2)
	return x, true
}

// blocks moves the elements of x, seen as dims, into the order perm.
func (w *writer) blocks(x int, dims []int32, perm ...int) int {
	return w.permute(w.reshape(x, dims), layout.Perm(perm))
}

// picked writes a Gather along a stored axis as joined slices, where constant
// indices are few runs. ok is false where they are many.
func (e *emitter) picked(x, axis int, at []int64) (y int, ok bool) {
	if !e.fast(x) {
		return 0, false
	}
	dims := e.m.Tensors[x].Shape
	var runs [][2]int32 // first, count
	for _, k := range at {
		if k < 0 {
			k += int64(dims[axis])
		}
		if k < 0 || k >= int64(dims[axis]) {
			return 0, false
		}
		if n := len(runs); n > 0 && runs[n-1][0]+runs[n-1][1] == int32(k) {
			runs[n-1][1]++
			continue
		}
		runs = append(runs, [2]int32{int32(k), 1})
	}
	if len(runs) == 0 || len(runs) > maxJoined {
		return 0, false
	}
	var parts []int
	total := int32(0)
	for _, r := range runs {
		begin, size := make([]int32, len(dims)), slices.Clone(dims)
		begin[axis], size[axis] = r[0], r[1]
		total += r[1]
		if r[1] == dims[axis] {
			parts = append(parts, x)
			continue
		}
		parts = append(parts, e.slice(x, begin, size))
	}
	if len(parts) == 1 {
		return parts[0], true
	}
	all := slices.Clone(dims)
	all[axis] = total
	y = e.temp(x, all)
	e.join(parts, axis, y)
	return y, true
}

// ones is what x is multiplied with to be broadcast to dims. ok is false where
// XNNPACK would not take the product.
func (e *emitter) ones(x int, dims []int32) (t int, ok bool) {
	if e.m.Tensors[x].Type != fb.Float32 || !e.fast(x) || len(dims) > maxRank || slices.Contains(dims, 0) {
		return 0, false
	}
	have := lift(e.m.Tensors[x].Shape, len(dims))
	shape, n := make([]int, len(dims)), 1
	for i, d := range dims {
		shape[i] = 1
		if have[i] == 1 {
			shape[i] = int(d)
		}
		if n *= shape[i]; n > maxOnes {
			return 0, false
		}
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	t, err := e.constant(tensor.Of(v, shape...), nil)
	return t, err == nil
}
