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
	if n := t.Size(); n <= smallBytes && q == nil {
		r, err := t.Transposed(layout.Perm(nil).To(order, t.Rank())...)
		if err != nil {
			return 0, err
		}
		data := r.Bytes()
		small = fmt.Sprintf("%d%v%s", typ, dims, data)
		if i, ok := w.smalls[small]; ok {
			return i, nil
		}
		w.m.Buffers = append(w.m.Buffers, fb.Buffer{Data: data})
	} else {
		w.m.Buffers = append(w.m.Buffers, fb.Buffer{Size: int64(n), Stream: func(out io.Writer) error {
			r, err := t.Transposed(layout.Perm(nil).To(order, t.Rank())...)
			if err != nil {
				return err
			}
			_, err = r.WriteTo(out)
			t.Drop()
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
