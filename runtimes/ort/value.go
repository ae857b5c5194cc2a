//go:build cgo

package ort

import (
	"fmt"
	"runtime"
	"unsafe"

	ortgo "github.com/yalue/onnxruntime_go"

	"slipway/conversion/tensor"
)

// wire is the inverse of elementTypes.
var wire = func() map[tensor.DType]ortgo.TensorElementDataType {
	m := map[tensor.DType]ortgo.TensorElementDataType{}
	for k, v := range elementTypes {
		m[v] = ortgo.TensorElementDataType(k)
	}
	return m
}()

// raw reports whether the binding knows d only as bytes: it can neither
// allocate such an output nor hold a scalar of it.
func raw(d tensor.DType) bool {
	switch d {
	case tensor.Float32, tensor.Float64, tensor.Bool, tensor.String,
		tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64,
		tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64:
		return false
	}
	return true
}

// toValue wraps t, whose bytes C reads (or, for an output, writes) in place
// until the value is destroyed; pin keeps them where they are.
func toValue(t *tensor.Tensor, pin *runtime.Pinner) (ortgo.Value, error) {
	shape := make(ortgo.Shape, t.Rank())
	for i, d := range t.Shape() {
		shape[i] = int64(d)
	}
	switch t.DType() {
	case tensor.Float32:
		return typed[float32](t, shape, pin)
	case tensor.Float64:
		return typed[float64](t, shape, pin)
	case tensor.Bool:
		return typed[bool](t, shape, pin)
	case tensor.Int8:
		return typed[int8](t, shape, pin)
	case tensor.Int16:
		return typed[int16](t, shape, pin)
	case tensor.Int32:
		return typed[int32](t, shape, pin)
	case tensor.Int64:
		return typed[int64](t, shape, pin)
	case tensor.Uint8:
		return typed[uint8](t, shape, pin)
	case tensor.Uint16:
		return typed[uint16](t, shape, pin)
	case tensor.Uint32:
		return typed[uint32](t, shape, pin)
	case tensor.Uint64:
		return typed[uint64](t, shape, pin)
	case tensor.String:
		v, err := ortgo.NewStringTensor(shape)
		if err != nil {
			return nil, err
		}
		if err := v.SetContents(t.Strings()); err != nil {
			_ = v.Destroy()
			return nil, err
		}
		return v, nil
	}
	kind, ok := wire[t.DType()]
	if !ok {
		return nil, fmt.Errorf("%v tensors cannot be passed", t.DType())
	}
	data := t.Bytes()
	if len(data) == 0 {
		data = make([]byte, 8)
	}
	if uintptr(unsafe.Pointer(&data[0]))%2 != 0 {
		aligned := tensor.New(tensor.Uint8, len(data)).Bytes()
		copy(aligned, data)
		data = aligned
	}
	pin.Pin(&data[0])
	return ortgo.NewCustomDataTensor(shape, data, kind)
}

func typed[T tensor.Elem](t *tensor.Tensor, shape ortgo.Shape, pin *runtime.Pinner) (ortgo.Value, error) {
	data := tensor.View[T](t)
	if len(data) > 0 {
		pin.Pin(&data[0])
	}
	if len(shape) == 0 {
		return ortgo.NewScalar(data[0])
	}
	return ortgo.NewTensor(shape, data)
}

// scalarOutput makes room for an output of rank 0.
func scalarOutput(d tensor.DType) (ortgo.Value, error) {
	switch d {
	case tensor.Float32:
		return ortgo.NewEmptyScalar[float32]()
	case tensor.Float64:
		return ortgo.NewEmptyScalar[float64]()
	case tensor.Bool:
		return ortgo.NewEmptyScalar[bool]()
	case tensor.Int8:
		return ortgo.NewEmptyScalar[int8]()
	case tensor.Int16:
		return ortgo.NewEmptyScalar[int16]()
	case tensor.Int32:
		return ortgo.NewEmptyScalar[int32]()
	case tensor.Int64:
		return ortgo.NewEmptyScalar[int64]()
	case tensor.Uint8:
		return ortgo.NewEmptyScalar[uint8]()
	case tensor.Uint16:
		return ortgo.NewEmptyScalar[uint16]()
	case tensor.Uint32:
		return ortgo.NewEmptyScalar[uint32]()
	case tensor.Uint64:
		return ortgo.NewEmptyScalar[uint64]()
	}
	return nil, fmt.Errorf("scalars of %v cannot be passed", d)
}

// fromValue takes the elements of a value that the library allocated or that
// scalarOutput made. The result owns its memory.
func fromValue(v ortgo.Value) (*tensor.Tensor, error) {
	switch v := v.(type) {
	case *ortgo.Tensor[float32]:
		return taken(v)
	case *ortgo.Tensor[float64]:
		return taken(v)
	case *ortgo.Tensor[bool]:
		return taken(v)
	case *ortgo.Tensor[int8]:
		return taken(v)
	case *ortgo.Tensor[int16]:
		return taken(v)
	case *ortgo.Tensor[int32]:
		return taken(v)
	case *ortgo.Tensor[int64]:
		return taken(v)
	case *ortgo.Tensor[uint8]:
		return taken(v)
	case *ortgo.Tensor[uint16]:
		return taken(v)
	case *ortgo.Tensor[uint32]:
		return taken(v)
	case *ortgo.Tensor[uint64]:
		return taken(v)
	case *ortgo.Scalar[float32]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[float64]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[bool]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[int8]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[int16]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[int32]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[int64]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[uint8]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[uint16]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[uint32]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.Scalar[uint64]:
		return tensor.Scalar(v.GetData()), nil
	case *ortgo.StringTensor:
		s, err := v.GetContents()
		if err != nil {
			return nil, err
		}
		return tensor.FromStrings(ints(v.GetShape()), s)
	}
	return nil, fmt.Errorf("a value of Go type %T cannot be passed", v)
}

func taken[T tensor.Elem](v *ortgo.Tensor[T]) (*tensor.Tensor, error) {
	return tensor.Of(v.GetData(), ints(v.GetShape())...), nil
}

func ints(s ortgo.Shape) []int {
	out := make([]int, len(s))
	for i, d := range s {
		out[i] = int(d)
	}
	return out
}
