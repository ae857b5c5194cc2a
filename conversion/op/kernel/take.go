package kernel

import "slipway/conversion/tensor"

// Take builds a tensor of the given shape from runs of block elements: run i is
// a copy of the run of t that starts at element at(i), which must lie inside t.
// at is called from several goroutines.
func Take(t *tensor.Tensor, shape []int, block int, at func(i int) int) (*tensor.Tensor, error) {
	return move(takeMove{block, at}, shape, t)
}

type takeMove struct {
	block int
	at    func(int) int
}

func (m takeMove) bytes(src [][]uint8, dst []uint8)     { take(m, src, dst) }
func (m takeMove) halves(src [][]uint16, dst []uint16)  { take(m, src, dst) }
func (m takeMove) words(src [][]uint32, dst []uint32)   { take(m, src, dst) }
func (m takeMove) longs(src [][]uint64, dst []uint64)   { take(m, src, dst) }
func (m takeMove) wides(src [][]wide, dst []wide)       { take(m, src, dst) }
func (m takeMove) strings(src [][]string, dst []string) { take(m, src, dst) }

func take[T any](m takeMove, in [][]T, dst []T) {
	if len(dst) == 0 {
		return
	}
	src, n := in[0], m.block
	tensor.Parallel(len(dst)/n, grain/n+1, func(lo, hi int) {
		if n == 1 {
			for i := lo; i < hi; i++ {
				dst[i] = src[m.at(i)]
			}
			return
		}
		for i := lo; i < hi; i++ {
			o := m.at(i)
			copy(dst[i*n:(i+1)*n], src[o:o+n])
		}
	})
}

// Concat joins tensors that differ only in dimension axis; shape is the
// result's.
func Concat(shape []int, axis int, parts ...*tensor.Tensor) (*tensor.Tensor, error) {
	m := concatMove{outer: Product(shape[:axis])}
	for _, p := range parts {
		m.runs = append(m.runs, Product(p.Shape()[axis:]))
	}
	return move(m, shape, parts...)
}

type concatMove struct {
	outer int
	runs  []int // elements a part adds to each outer index
}

func (m concatMove) bytes(src [][]uint8, dst []uint8)     { concat(m, src, dst) }
func (m concatMove) halves(src [][]uint16, dst []uint16)  { concat(m, src, dst) }
func (m concatMove) words(src [][]uint32, dst []uint32)   { concat(m, src, dst) }
func (m concatMove) longs(src [][]uint64, dst []uint64)   { concat(m, src, dst) }
func (m concatMove) wides(src [][]wide, dst []wide)       { concat(m, src, dst) }
func (m concatMove) strings(src [][]string, dst []string) { concat(m, src, dst) }

func concat[T any](m concatMove, in [][]T, dst []T) {
	at := 0
	for o := range m.outer {
		for k, n := range m.runs {
			at += copy(dst[at:at+n], in[k][o*n:(o+1)*n])
		}
	}
}

// Select is Where: elements of x where cond holds, of y elsewhere, all three
// broadcast to shape.
func Select(shape []int, cond, x, y *tensor.Tensor) (*tensor.Tensor, error) {
	m := selectMove{cond.Bytes(), NewWalker(shape, cond.Shape(), x.Shape(), y.Shape())}
	return move(m, shape, x, y)
}

type selectMove struct {
	cond []uint8
	w    *Walker
}

func (m selectMove) bytes(src [][]uint8, dst []uint8)     { selectRows(m, src, dst) }
func (m selectMove) halves(src [][]uint16, dst []uint16)  { selectRows(m, src, dst) }
func (m selectMove) words(src [][]uint32, dst []uint32)   { selectRows(m, src, dst) }
func (m selectMove) longs(src [][]uint64, dst []uint64)   { selectRows(m, src, dst) }
func (m selectMove) wides(src [][]wide, dst []wide)       { selectRows(m, src, dst) }
func (m selectMove) strings(src [][]string, dst []string) { selectRows(m, src, dst) }

func selectRows[T any](m selectMove, in [][]T, dst []T) {
	x, y := in[0], in[1]
	m.w.Each(func(at, n int, off, step []int) {
		for i := range n {
			if m.cond[off[0]+i*step[0]] != 0 {
				dst[at+i] = x[off[1]+i*step[1]]
			} else {
				dst[at+i] = y[off[2]+i*step[2]]
			}
		}
	})
}

// Remap builds a tensor whose coordinate c along axis k reads coordinate
// index[k][c] of t; where any of them is -1 the element is that of fill, a
// tensor of one element (nil: index holds no -1).
func Remap(t *tensor.Tensor, index [][]int, fill *tensor.Tensor) (*tensor.Tensor, error) {
	shape := make([]int, len(index))
	for i, x := range index {
		shape[i] = len(x)
	}
	m := remapMove{index, Strides(t.Shape())}
	if fill == nil {
		return move(m, shape, t)
	}
	return move(m, shape, t, fill)
}

type remapMove struct {
	index   [][]int
	strides []int
}

func (m remapMove) bytes(src [][]uint8, dst []uint8)     { remap(m, src, dst) }
func (m remapMove) halves(src [][]uint16, dst []uint16)  { remap(m, src, dst) }
func (m remapMove) words(src [][]uint32, dst []uint32)   { remap(m, src, dst) }
func (m remapMove) longs(src [][]uint64, dst []uint64)   { remap(m, src, dst) }
func (m remapMove) wides(src [][]wide, dst []wide)       { remap(m, src, dst) }
func (m remapMove) strings(src [][]string, dst []string) { remap(m, src, dst) }

func remap[T any](m remapMove, in [][]T, dst []T) {
	src := in[0]
	var fill T
	if len(in) > 1 {
		fill = in[1][0]
	}
	last := len(m.index) - 1
	if last < 0 {
		copy(dst, src)
		return
	}
	cols := m.index[last]
	inner := len(cols)
	if len(dst) == 0 {
		return
	}
	tensor.Parallel(len(dst)/inner, grain/inner+1, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			off, r, outside := 0, row, false
			for i := last - 1; i >= 0; i-- {
				x := m.index[i]
				c := x[r%len(x)]
				r /= len(x)
				outside = outside || c < 0
				off += c * m.strides[i]
			}
			d := dst[row*inner : (row+1)*inner]
			for i, c := range cols {
				if outside || c < 0 {
					d[i] = fill
				} else {
					d[i] = src[off+c]
				}
			}
		}
	})
}
