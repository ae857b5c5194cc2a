package tflite

import (
	"fmt"
	"io"

	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

type constKey struct {
	t     *tensor.Tensor
	order string
}

// smallBytes is the size up to which equal constants are written once.
const smallBytes = 4096

// constant is a tensor with t's elements, stored in the given order. Large ones
// are reordered while the file is written, never kept twice.
func (w *writer) constant(t *tensor.Tensor, order layout.Perm) (int, error) {
	if order.IsIdentity() {
		order = nil
	}
	key := constKey{t, fmt.Sprint([]int(order))}
	if i, ok := w.consts[key]; ok {
		return i, nil
	}
	i, err := w.addConst(t, order, nil)
	if err == nil {
		w.consts[key] = i
	}
	return i, err
}

// addConst writes a constant with quantization parameters, if any.
func (w *writer) addConst(t *tensor.Tensor, order layout.Perm, q *fb.Quant) (int, error) {
	typ, ok := fb.TypeOf(t.DType())
	if !ok || t.DType().Bits() < 8 {
		return 0, fmt.Errorf("constant of element type %v cannot be written", t.DType())
	}
	dims := make([]int32, t.Rank())
	for k := range dims {
		dims[k] = int32(t.Shape()[order.At(k)])
	}
	small := ""
	if n := len(t.Bytes()); n <= smallBytes && q == nil {
		data := permuteBytes(t, order)
		small = fmt.Sprintf("%d%v%s", typ, dims, data)
		if i, ok := w.smalls[small]; ok {
			return i, nil
		}
		w.m.Buffers = append(w.m.Buffers, fb.Buffer{Data: data})
	} else if order == nil {
		w.m.Buffers = append(w.m.Buffers, fb.Buffer{Data: t.Bytes()})
	} else {
		w.m.Buffers = append(w.m.Buffers, fb.Buffer{Size: int64(n), Stream: func(out io.Writer) error {
			_, err := out.Write(permuteBytes(t, order))
			return err
		}})
	}
	w.m.Tensors = append(w.m.Tensors, fb.Tensor{
		Name: w.constName(), Type: typ, Shape: dims, Buffer: len(w.m.Buffers) - 1, Quant: q,
	})
	i := len(w.m.Tensors) - 1
	if small != "" {
		w.smalls[small] = i
	}
	return i, nil
}

func (w *writer) constName() string {
	if w.node == nil {
		return w.unique("const")
	}
	return w.unique(w.node.Name + "/const")
}

// int32s is a constant vector.
func (w *writer) int32s(v []int32) int {
	i, _ := w.addConst(tensor.Of(append([]int32{}, v...), len(v)), nil, nil)
	return i
}

// scalar is a float32 constant of rank 0.
func (w *writer) scalar(v float64) int {
	i, _ := w.addConst(tensor.Scalar(float32(v)), nil, nil)
	return i
}

// floats is a float32 constant.
func (w *writer) floats(v []float32, shape ...int) int {
	i, _ := w.addConst(tensor.Of(v, shape...), nil, nil)
	return i
}

// permuteBytes returns t's bytes stored in the given order; t's own where that
// is the logical one.
func permuteBytes(t *tensor.Tensor, order layout.Perm) []byte {
	src := t.Bytes()
	if order.IsIdentity() || len(src) == 0 {
		return src
	}
	size := t.DType().Bits() / 8
	rank := t.Rank()
	stride := make([]int, rank)
	s := size
	for a := rank - 1; a >= 0; a-- {
		stride[a] = s
		s *= t.Shape()[a]
	}
	dims, step := make([]int, rank), make([]int, rank)
	for k := range dims {
		dims[k], step[k] = t.Shape()[order[k]], stride[order[k]]
	}
	dst := make([]byte, 0, len(src))
	index := make([]int, rank)
	inner, at := rank-1, 0
	for {
		switch size {
		case 4:
			for i, p := 0, at; i < dims[inner]; i, p = i+1, p+step[inner] {
				dst = append(dst, src[p], src[p+1], src[p+2], src[p+3])
			}
		case 1:
			for i, p := 0, at; i < dims[inner]; i, p = i+1, p+step[inner] {
				dst = append(dst, src[p])
			}
		default:
			for i, p := 0, at; i < dims[inner]; i, p = i+1, p+step[inner] {
				dst = append(dst, src[p:p+size]...)
			}
		}
		k := inner - 1
		for ; k >= 0; k-- {
			index[k]++
			at += step[k]
			if index[k] < dims[k] {
				break
			}
			at -= step[k] * dims[k]
			index[k] = 0
		}
		if k < 0 {
			return dst
		}
	}
}
