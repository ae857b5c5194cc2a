package kernel

import "slipway/conversion/tensor"

// Strided copies the elements that a strided view of t holds: element
// (i0,i1,…) of the result is the one at base + i0*strides[0] + i1*strides[1] + …
// of t. Transpose, Slice, Expand and Tile are such views. The view must lie
// inside t.
func Strided(t *tensor.Tensor, base int, shape, strides []int) (*tensor.Tensor, error) {
	m := stridedMove{base: base}
	for i, d := range shape {
		if d == 1 {
			continue
		}
		if l := len(m.shape) - 1; l >= 0 && m.strides[l] == strides[i]*d {
			m.shape[l] *= d
			m.strides[l] = strides[i]
			continue
		}
		m.shape = append(m.shape, d)
		m.strides = append(m.strides, strides[i])
	}
	if len(m.shape) == 0 {
		m.shape, m.strides = []int{1}, []int{1}
	}
	return move(m, shape, t)
}

type stridedMove struct {
	base           int
	shape, strides []int
}

func (m stridedMove) bytes(src [][]uint8, dst []uint8)     { strided(m, src, dst) }
func (m stridedMove) halves(src [][]uint16, dst []uint16)  { strided(m, src, dst) }
func (m stridedMove) words(src [][]uint32, dst []uint32)   { strided(m, src, dst) }
func (m stridedMove) longs(src [][]uint64, dst []uint64)   { strided(m, src, dst) }
func (m stridedMove) wides(src [][]wide, dst []wide)       { strided(m, src, dst) }
func (m stridedMove) strings(src [][]string, dst []string) { strided(m, src, dst) }

func strided[T any](m stridedMove, in [][]T, dst []T) {
	if len(dst) == 0 {
		return // where a view of nothing starts means nothing
	}
	src := in[0]
	last := len(m.shape) - 1
	inner, step := m.shape[last], m.strides[last]
	rows := Product(m.shape[:last])
	tensor.Parallel(rows, grain/max(inner, 1)+1, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			off, r := m.base, row
			for i := last - 1; i >= 0; i-- {
				off += r % m.shape[i] * m.strides[i]
				r /= m.shape[i]
			}
			d := dst[row*inner : (row+1)*inner]
			if step == 1 {
				copy(d, src[off:off+inner])
				continue
			}
			for i := range d {
				d[i] = src[off]
				off += step
			}
		}
	})
}
