package tensor

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"unsafe"
)

// MaxElements bounds the number of elements of any tensor (RELIABILITY.md,
// global rule 3): a larger claim is an error, never an allocation.
const MaxElements = 1 << 40

// Tensor is an immutable typed view: after construction neither its header nor
// its bytes change, so it may be shared between goroutines. Whoever creates a
// Tensor over bytes he still writes to must stop writing before handing it on.
type Tensor struct {
	dtype   DType
	shape   []int
	data    []byte
	strings []string
	items   []*Tensor    // of a Sequence or Optional, see NewSequence
	later   *deferred    // set: the bytes are computed when asked for
	release func([]byte) // see Backed
	finite  atomic.Int32 // see Finite
}

// NumElements is the checked product of dims; an empty shape is a scalar (1).
func NumElements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("tensor: negative dimension in shape %v", shape)
		}
		if d != 0 && n > MaxElements/d {
			return 0, fmt.Errorf("tensor: shape %v has more than 2^40 elements", shape)
		}
		n *= d
	}
	return n, nil
}

// New makes a zero-filled tensor that owns its bytes. It panics on a shape that
// NumElements refuses; use FromBytes for shapes that come from a file.
func New(dtype DType, shape ...int) *Tensor {
	n, err := NumElements(shape)
	if err != nil {
		panic(err)
	}
	t := &Tensor{dtype: dtype, shape: slices.Clone(shape)}
	if dtype == String {
		t.strings = make([]string, n)
		return t
	}
	t.data = alignedBytes(dtype.ByteSize(n))
	return t
}

// alignedBytes returns n zero bytes at an address that is a multiple of 8.
func alignedBytes(n int) []byte {
	if n == 0 {
		return []byte{}
	}
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:n:n]
}

// FromBytes makes a tensor that aliases data, which must be exactly as long as
// shape and dtype ask.
func FromBytes(dtype DType, shape []int, data []byte) (*Tensor, error) {
	if dtype == Invalid || dtype == String || dtype.IsContainer() {
		return nil, fmt.Errorf("tensor: %v cannot be made from bytes", dtype)
	}
	n, err := NumElements(shape)
	if err != nil {
		return nil, err
	}
	if want := dtype.ByteSize(n); len(data) != want {
		return nil, fmt.Errorf("tensor: %v%v needs %d bytes, has %d", dtype, shape, want, len(data))
	}
	return &Tensor{dtype: dtype, shape: slices.Clone(shape), data: data}, nil
}

// FromStrings makes a String tensor.
func FromStrings(shape []int, s []string) (*Tensor, error) {
	n, err := NumElements(shape)
	if err != nil {
		return nil, err
	}
	if n != len(s) {
		return nil, fmt.Errorf("tensor: string%v needs %d elements, has %d", shape, n, len(s))
	}
	return &Tensor{dtype: String, shape: slices.Clone(shape), strings: s}, nil
}

// Elem lists the Go types whose slices are tensors without conversion.
type Elem interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool
}

func dtypeOf[T Elem]() DType {
	var z T
	switch any(z).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	default:
		return Bool
	}
}

// Of makes a tensor that aliases v. It panics where the number of elements and
// the shape disagree; it is meant for values that the program itself computes.
func Of[T Elem](v []T, shape ...int) *Tensor {
	n, err := NumElements(shape)
	if err != nil || n != len(v) {
		panic(fmt.Sprintf("tensor: %d elements do not fill shape %v (%v)", len(v), shape, err))
	}
	t := &Tensor{dtype: dtypeOf[T](), shape: slices.Clone(shape), data: []byte{}}
	if n > 0 {
		t.data = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), t.dtype.ByteSize(n))
	}
	return t
}

// Scalar makes a tensor of rank 0.
func Scalar[T Elem](v T) *Tensor { return Of([]T{v}) }

// DType is the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Shape is the list of dims, outermost first; empty for a scalar. Callers must
// not change it.
func (t *Tensor) Shape() []int { return t.shape }

// Rank is len(Shape()).
func (t *Tensor) Rank() int { return len(t.shape) }

// Len is the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// Bytes are the raw packed little-endian elements; callers must not change
// them. nil for String.
func (t *Tensor) Bytes() []byte {
	if t.later != nil {
		return t.later.bytes()
	}
	return t.data
}

// Size is len(Bytes()), without computing what is deferred.
func (t *Tensor) Size() int {
	if t.dtype == String {
		return 0
	}
	return t.dtype.ByteSize(t.Len())
}

// Strings are the elements of a String tensor, nil for all others.
func (t *Tensor) Strings() []string { return t.strings }

// Reshape returns a view of the same bytes with another shape of equal size.
func (t *Tensor) Reshape(shape ...int) (*Tensor, error) {
	n, err := NumElements(shape)
	if err != nil {
		return nil, err
	}
	if n != t.Len() {
		return nil, fmt.Errorf("tensor: cannot view %v%v as %v", t.dtype, t.shape, shape)
	}
	c := &Tensor{dtype: t.dtype, shape: slices.Clone(shape), data: t.data, strings: t.strings, items: t.items, later: t.later, release: t.release}
	c.finite.Store(t.finite.Load())
	return c, nil
}

// View returns the elements as a []T without conversion of values. It aliases
// the tensor's bytes where they are aligned for T and copies them otherwise;
// callers must not write to the result. It panics where T is not the element
// type (Float16 and BFloat16 view as uint16, the types of at most 8 bits as packed uint8).
func View[T Elem](t *Tensor) []T {
	want := dtypeOf[T]()
	ok := t.dtype == want
	switch t.dtype {
	case Float16, BFloat16:
		ok = want == Uint16
	case Float8E4M3FN, Float8E5M2, Float8E4M3FNUZ, Float8E5M2FNUZ, Float8E8M0, Int4, Uint4, Int2, Uint2, Float4E2M1:
		ok = want == Uint8
	}
	if !ok {
		panic(fmt.Sprintf("tensor: %v elements viewed as %v", t.dtype, want))
	}
	data := t.Bytes()
	if len(data) == 0 {
		return nil
	}
	var z T
	size := int(unsafe.Sizeof(z))
	p := unsafe.SliceData(data)
	if uintptr(unsafe.Pointer(p))%uintptr(size) == 0 {
		return unsafe.Slice((*T)(unsafe.Pointer(p)), len(data)/size)
	}
	out := make([]T, len(data)/size)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), len(data)), data)
	return out
}

// Equal reports whether a and b have the same type, shape and bits.
func Equal(a, b *Tensor) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.dtype == b.dtype && slices.Equal(a.shape, b.shape) && slices.EqualFunc(a.items, b.items, Equal) &&
		bytes.Equal(a.Bytes(), b.Bytes()) && slices.Equal(a.strings, b.strings)
}

// String describes the tensor in one short line: type, shape and, for at most
// eight elements, the values.
func (t *Tensor) String() string {
	if t.dtype.IsContainer() {
		return t.describeItems()
	}
	s := fmt.Sprintf("%v%v", t.dtype, t.shape)
	if t.dtype == String {
		return s
	}
	if n := t.Len(); n <= 8 && t.dtype.IsReal() {
		if t.dtype.IsFloat() {
			return s + fmt.Sprint(t.Float64s())
		}
		if v, err := t.Int64s(); err == nil {
			return s + fmt.Sprint(v)
		}
	}
	return s
}

// IsZero reports whether all bits of t's elements are 0.
func (t *Tensor) IsZero() bool {
	return !slices.ContainsFunc(t.Bytes(), func(b byte) bool { return b != 0 })
}
