package tflite

import (
	"unsafe"

	"slipway/conversion/pass/layout"
	"slipway/conversion/tensor"
)

// permuteBytes returns t's bytes stored in the given order; t's own where that
// is the logical one.
func permuteBytes(t *tensor.Tensor, order layout.Perm) []byte {
	if order.IsIdentity() || len(t.Bytes()) == 0 {
		return t.Bytes()
	}
	switch t.DType().Bits() {
	case 8:
		return permute[uint8](t, order)
	case 16:
		return permute[uint16](t, order)
	case 32:
		return permute[uint32](t, order)
	}
	return permute[uint64](t, order)
}

// permute is permuteBytes for elements of E's size.
func permute[E uint8 | uint16 | uint32 | uint64](t *tensor.Tensor, order layout.Perm) []byte {
	src := elements[E](t.Bytes())
	dst := make([]E, len(src))
	rank := t.Rank()
	dims, step := make([]int, rank), make([]int, rank)
	s := 1
	for a := rank - 1; a >= 0; a-- {
		k := order.Axis(a)
		dims[k], step[k] = t.Shape()[a], s
		s *= t.Shape()[a]
	}
	// One block is what the first stored axis holds at one index.
	block := len(dst) / dims[0]
	tensor.Parallel(dims[0], max(1, 1<<16/block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			permuteBlock(dst[i*block:(i+1)*block], src, i*step[0], dims[1:], step[1:])
		}
	})
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), len(t.Bytes()))
}

// permuteBlock fills dst, row-major of the given dims, with the elements of src
// that lie step apart, from at on.
func permuteBlock[E any](dst, src []E, at int, dims, step []int) {
	if len(dims) == 0 {
		dst[0] = src[at]
		return
	}
	inner := len(dims) - 1
	n, stride := dims[inner], step[inner]
	index := make([]int, inner)
	for len(dst) > 0 {
		row := dst[:n]
		p := at
		for i := range row {
			row[i] = src[p]
			p += stride
		}
		dst = dst[n:]
		for k := inner - 1; k >= 0; k-- {
			index[k]++
			at += step[k]
			if index[k] < dims[k] {
				break
			}
			at -= step[k] * dims[k]
			index[k] = 0
		}
	}
}

// elements views bytes as elements of E, copying them where they are not aligned
// for it.
func elements[E any](b []byte) []E {
	var e E
	size := int(unsafe.Sizeof(e))
	p := unsafe.SliceData(b)
	if uintptr(unsafe.Pointer(p))%uintptr(size) == 0 {
		return unsafe.Slice((*E)(unsafe.Pointer(p)), len(b)/size)
	}
	out := make([]E, len(b)/size)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), len(b)), b)
	return out
}
