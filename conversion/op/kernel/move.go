package kernel

import (
	"fmt"

	"slipway/conversion/tensor"
)

// maxBytes bounds what one operator may allocate for an output whose size comes
// from the model's data rather than from the size of its inputs.
const maxBytes = 1 << 32

// CheckSize refuses shapes that are negative or would take more than 4 GiB.
func CheckSize(d tensor.DType, shape []int) error {
	n, err := tensor.NumElements(shape)
	if err != nil {
		return err
	}
	size := d.ByteSize(n)
	if d == tensor.String {
		size = n * 16 // a header each
	}
	if size > maxBytes {
		return fmt.Errorf("a result of type %v and shape %v is larger than 4 GiB", d, shape)
	}
	return nil
}

// ToInts converts sizes that came as int64 elements.
func ToInts(v []int64) []int {
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

type wide [2]uint64

// raw views the elements as unsigned words of their width.
func raw[T uint8 | uint16 | uint32 | uint64](t *tensor.Tensor) []T {
	var z T
	d := tensor.Uint8
	switch any(z).(type) {
	case uint16:
		d = tensor.Uint16
	case uint32:
		d = tensor.Uint32
	case uint64:
		d = tensor.Uint64
	}
	w, err := tensor.FromBytes(d, []int{len(t.Bytes()) / (d.Bits() / 8)}, t.Bytes())
	if err != nil {
		panic(err) // whole elements of this width by construction
	}
	return tensor.View[T](w)
}

func rawWide(t *tensor.Tensor) []wide {
	w := raw[uint64](t)
	out := make([]wide, len(w)/2)
	for i := range out {
		out[i] = wide{w[2*i], w[2*i+1]}
	}
	return out
}

func cook[T uint8 | uint16 | uint32 | uint64](d tensor.DType, shape []int, v []T) (*tensor.Tensor, error) {
	return tensor.FromBytes(d, shape, tensor.Of(v, len(v)).Bytes())
}

func cookWide(d tensor.DType, shape []int, v []wide) (*tensor.Tensor, error) {
	w := make([]uint64, 0, 2*len(v))
	for _, x := range v {
		w = append(w, x[0], x[1])
	}
	return cook(d, shape, w)
}

// mover is a movement of whole elements from some tensors of one type to a new
// one, spelled once for every width of element.
type mover interface {
	bytes(src [][]uint8, dst []uint8)
	halves(src [][]uint16, dst []uint16)
	words(src [][]uint32, dst []uint32)
	longs(src [][]uint64, dst []uint64)
	wides(src [][]wide, dst []wide)
	strings(src [][]string, dst []string)
}

// move runs m over tensors of one element type.
func move(m mover, shape []int, src ...*tensor.Tensor) (*tensor.Tensor, error) {
	d := src[0].DType()
	for _, s := range src {
		if s.DType() != d {
			return nil, fmt.Errorf("element types differ: %v and %v", d, s.DType())
		}
	}
	if err := CheckSize(d, shape); err != nil {
		return nil, err
	}
	n := Product(shape)
	switch d.Bits() {
	case 0:
		dst := make([]string, n)
		m.strings(each(src, (*tensor.Tensor).Strings), dst)
		return tensor.FromStrings(shape, dst)
	case 2, 4:
		return movePacked(m, shape, src)
	case 8:
		dst := make([]uint8, n)
		m.bytes(each(src, (*tensor.Tensor).Bytes), dst)
		return cook(d, shape, dst)
	case 16:
		dst := make([]uint16, n)
		m.halves(each(src, raw[uint16]), dst)
		return cook(d, shape, dst)
	case 32:
		dst := make([]uint32, n)
		m.words(each(src, raw[uint32]), dst)
		return cook(d, shape, dst)
	case 64:
		dst := make([]uint64, n)
		m.longs(each(src, raw[uint64]), dst)
		return cook(d, shape, dst)
	}
	dst := make([]wide, n)
	m.wides(each(src, rawWide), dst)
	return cookWide(d, shape, dst)
}

// movePacked goes through one byte an element.
func movePacked(m mover, shape []int, src []*tensor.Tensor) (*tensor.Tensor, error) {
	d, bits := src[0].DType(), tensor.Uint4
	if d.Bits() == 2 {
		bits = tensor.Uint2
	}
	var in []*tensor.Tensor
	for _, s := range src {
		b, err := tensor.FromBytes(bits, s.Shape(), s.Bytes())
		if err == nil {
			b, err = b.Cast(tensor.Uint8)
		}
		if err != nil {
			return nil, err
		}
		in = append(in, b)
	}
	out, err := move(m, shape, in...)
	if err == nil {
		out, err = out.Cast(bits)
	}
	if err != nil {
		return nil, err
	}
	return tensor.FromBytes(d, shape, out.Bytes())
}

func each[T any](src []*tensor.Tensor, f func(*tensor.Tensor) []T) [][]T {
	out := make([][]T, len(src))
	for i, s := range src {
		out[i] = f(s)
	}
	return out
}
