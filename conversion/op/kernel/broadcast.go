package kernel

import (
	"slipway/conversion/tensor"
)

// grain is the number of elements below which a loop stays on one core.
const grain = 1 << 15

// Row computes len(dst) elements from two operands with element steps sa and
// sb, each 0 (one value for the whole row) or 1.
type Row[A, R any] func(dst []R, a []A, sa int, b []A, sb int)

// RowOf makes a Row of a scalar function.
func RowOf[A, R any](f func(a, b A) R) Row[A, R] {
	return func(dst []R, a []A, sa int, b []A, sb int) {
		for i := range dst {
			dst[i] = f(a[i*sa], b[i*sb])
		}
	}
}

// Walker visits the rows of a broadcast of several operands: dimensions over
// which all operands run alike are merged, the innermost becomes the row.
type Walker struct {
	dims    []int   // merged, outermost first; the last is the row
	strides [][]int // [operand][dim], 0 where broadcast
	total   int
}

// NewWalker prepares a walk over out by operands of the given shapes, which must
// broadcast to out.
func NewWalker(out []int, shapes ...[]int) *Walker {
	w := &Walker{total: Product(out), strides: make([][]int, len(shapes))}
	full := make([][]int, len(shapes))
	for k, s := range shapes {
		full[k] = make([]int, len(out))
		st, off := Strides(s), len(out)-len(s)
		for i, d := range s {
			if d != 1 {
				full[k][off+i] = st[i]
			}
		}
	}
	for i, d := range out {
		if d == 1 {
			continue
		}
		last := len(w.dims) - 1
		merge := last >= 0
		for k := range shapes {
			if merge && w.strides[k][last] != full[k][i]*d {
				merge = false
			}
		}
		if merge {
			w.dims[last] *= d
			for k := range shapes {
				w.strides[k][last] = full[k][i]
			}
			continue
		}
		w.dims = append(w.dims, d)
		for k := range shapes {
			w.strides[k] = append(w.strides[k], full[k][i])
		}
	}
	if len(w.dims) == 0 {
		w.dims = []int{1}
		for k := range shapes {
			w.strides[k] = []int{0}
		}
	}
	return w
}

// Each calls f for consecutive parts of the output, in parallel where it is
// large: n elements from offset dst, operand k starting at off[k] and stepping
// by step[k], which is 0 or 1.
func (w *Walker) Each(f func(dst, n int, off, step []int)) {
	inner := w.dims[len(w.dims)-1]
	step := make([]int, len(w.strides))
	for k, s := range w.strides {
		step[k] = s[len(s)-1]
	}
	tensor.Parallel(w.total, grain, func(lo, hi int) {
		off := make([]int, len(w.strides))
		for pos := lo; pos < hi; {
			row, col := pos/inner, pos%inner
			n := min(inner-col, hi-pos)
			for k, s := range w.strides {
				off[k] = col * step[k]
				r := row
				for i := len(w.dims) - 2; i >= 0; i-- {
					off[k] += r % w.dims[i] * s[i]
					r /= w.dims[i]
				}
			}
			f(pos, n, off, step)
			pos += n
		}
	})
}

// Zip computes out elementwise from two broadcast operands.
func Zip[A, R any](out []int, dst []R, a []A, sa []int, b []A, sb []int, row Row[A, R]) {
	NewWalker(out, sa, sb).Each(func(at, n int, off, step []int) {
		row(dst[at:at+n], a[off[0]:], step[0], b[off[1]:], step[1])
	})
}

// Map computes dst[i] = f(src[i]), in parallel where it is large.
func Map[A, R any](dst []R, src []A, f func(A) R) {
	tensor.Parallel(len(src), grain, func(lo, hi int) {
		d, s := dst[lo:hi], src[lo:hi]
		for i, v := range s {
			d[i] = f(v)
		}
	})
}

// MapFloat applies f to a floating-point tensor of any width and keeps its type:
// float64 through f64, all others through f32.
func MapFloat(t *tensor.Tensor, f32 func(float32) float32, f64 func(float64) float64) (*tensor.Tensor, error) {
	if t.DType() == tensor.Float64 {
		out := make([]float64, t.Len())
		Map(out, tensor.View[float64](t), f64)
		return tensor.Of(out, t.Shape()...), nil
	}
	out := make([]float32, t.Len())
	Map(out, t.Float32s(), f32)
	return tensor.Of(out, t.Shape()...).Cast(t.DType())
}
