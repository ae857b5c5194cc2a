package tensor

import (
	"fmt"
	"math"
)

// Float32s returns all elements as float32: an alias where the tensor already
// is Float32 and aligned, else a converted copy. Callers must not write to it.
// Complex and String tensors panic.
func (t *Tensor) Float32s() []float32 {
	switch t.dtype {
	case Float32:
		return View[float32](t)
	case Float16:
		return mapTo(View[uint16](t), Float16ToFloat32)
	case BFloat16:
		return mapTo(View[uint16](t), func(v uint16) float32 { return math.Float32frombits(uint32(v) << 16) })
	case Float64:
		return mapTo(View[float64](t), func(v float64) float32 { return float32(v) })
	case Int8:
		return mapTo(View[int8](t), func(v int8) float32 { return float32(v) })
	case Uint8:
		return mapTo(View[uint8](t), func(v uint8) float32 { return float32(v) })
	default:
		return mapTo(t.Float64s(), func(v float64) float32 { return float32(v) })
	}
}

// Float64s returns all elements as float64, exactly for every type of at most
// 53 significant bits. Bool gives 0 and 1.
func (t *Tensor) Float64s() []float64 {
	switch t.dtype {
	case Float64:
		return View[float64](t)
	case Float32:
		return mapTo(View[float32](t), func(v float32) float64 { return float64(v) })
	case Float16, BFloat16:
		return mapTo(t.Float32s(), func(v float32) float64 { return float64(v) })
	case Float8E4M3FN, Float8E5M2, Float8E4M3FNUZ, Float8E5M2FNUZ:
		d := t.dtype
		return mapTo(View[uint8](t), func(v uint8) float64 { return float64(Float8ToFloat32(d, v)) })
	case Float8E8M0:
		return mapTo(View[uint8](t), func(v uint8) float64 { return float64(Float8E8M0ToFloat32(v)) })
	case Float4E2M1:
		out, data := make([]float64, t.Len()), t.Bytes()
		for i := range out {
			out[i] = float64(Float4ToFloat32(packed(data, 4, i)))
		}
		return out
	case Uint64:
		return mapTo(View[uint64](t), func(v uint64) float64 { return float64(v) })
	}
	v, err := t.Int64s()
	if err != nil {
		panic(err)
	}
	return mapTo(v, func(v int64) float64 { return float64(v) })
}

// Int64s returns all elements of an integer or Bool tensor as int64. Uint64
// elements above 2^63-1 wrap.
func (t *Tensor) Int64s() ([]int64, error) {
	switch t.dtype {
	case Int64:
		return View[int64](t), nil
	case Int32:
		return mapTo(View[int32](t), func(v int32) int64 { return int64(v) }), nil
	case Int16:
		return mapTo(View[int16](t), func(v int16) int64 { return int64(v) }), nil
	case Int8:
		return mapTo(View[int8](t), func(v int8) int64 { return int64(v) }), nil
	case Uint8:
		return mapTo(View[uint8](t), func(v uint8) int64 { return int64(v) }), nil
	case Uint16:
		return mapTo(View[uint16](t), func(v uint16) int64 { return int64(v) }), nil
	case Uint32:
		return mapTo(View[uint32](t), func(v uint32) int64 { return int64(v) }), nil
	case Uint64:
		return mapTo(View[uint64](t), func(v uint64) int64 { return int64(v) }), nil
	case Bool:
		return mapTo(t.Bytes(), func(v uint8) int64 { return int64(min(v, 1)) }), nil
	case Int4, Uint4, Int2, Uint2:
		return unpackInts(t), nil
	}
	return nil, fmt.Errorf("tensor: %v has no integer elements", t.dtype)
}

// FromFloat64s makes a tensor of the given type from values. Conversion to a
// floating type rounds to nearest even; to an integer type it truncates toward
// zero and saturates at the type's limits; to Bool it is v != 0.
func FromFloat64s(dtype DType, v []float64, shape ...int) (*Tensor, error) {
	n, err := NumElements(shape)
	if err != nil {
		return nil, err
	}
	if n != len(v) {
		return nil, fmt.Errorf("tensor: %d elements do not fill shape %v", len(v), shape)
	}
	t := New(dtype, shape...)
	switch dtype {
	case Float64:
		copy(View[float64](t), v)
	case Float32:
		fill(t, v, func(x float64) float32 { return float32(x) })
	case Float16:
		fill(t, v, func(x float64) uint16 { return Float64ToFloat16(x) })
	case BFloat16:
		fill(t, v, func(x float64) uint16 { return Float32ToBFloat16(float32(x)) })
	case Float8E4M3FN, Float8E5M2, Float8E4M3FNUZ, Float8E5M2FNUZ:
		fill(t, v, func(x float64) uint8 { return Float32ToFloat8(dtype, float32(x), true) })
	case Float8E8M0:
		fill(t, v, func(x float64) uint8 { return Float64ToFloat8E8M0(x, true, RoundUp) })
	case Float4E2M1:
		for i, x := range v {
			pack(t.data, 4, i, Float32ToFloat4(float32(x)))
		}
	case Bool:
		for i, x := range v {
			if x != 0 {
				t.data[i] = 1
			}
		}
	case Int8:
		fill(t, v, func(x float64) int8 { return int8(saturate(x, -128, 127)) })
	case Int16:
		fill(t, v, func(x float64) int16 { return int16(saturate(x, -1<<15, 1<<15-1)) })
	case Int32:
		fill(t, v, func(x float64) int32 { return int32(saturate(x, -1<<31, 1<<31-1)) })
	case Int64:
		fill(t, v, func(x float64) int64 {
			if x >= 1<<63 {
				return math.MaxInt64
			}
			return int64(saturate(x, -1<<63, 1<<63))
		})
	case Uint8:
		fill(t, v, func(x float64) uint8 { return uint8(saturate(x, 0, 255)) })
	case Uint16:
		fill(t, v, func(x float64) uint16 { return uint16(saturate(x, 0, 1<<16-1)) })
	case Uint32:
		fill(t, v, func(x float64) uint32 { return uint32(saturate(x, 0, 1<<32-1)) })
	case Uint64:
		fill(t, v, func(x float64) uint64 {
			if x >= 1<<64 {
				return math.MaxUint64
			}
			return uint64(saturate(x, 0, 1<<64))
		})
	case Int4, Uint4, Int2, Uint2:
		lo, hi := intRange(dtype)
		for i, x := range v {
			pack(t.data, dtype.Bits(), i, uint8(int8(saturate(x, lo, hi))))
		}
	default:
		return nil, fmt.Errorf("tensor: cannot make %v from numbers", dtype)
	}
	return t, nil
}

// FromInt64s makes an integer or Bool tensor from values, exactly; a value out
// of the type's range is an error.
func FromInt64s(dtype DType, v []int64, shape ...int) (*Tensor, error) {
	if dtype == Int64 {
		n, err := NumElements(shape)
		if err != nil || n != len(v) {
			return nil, fmt.Errorf("tensor: %d elements do not fill shape %v", len(v), shape)
		}
		return Of(append([]int64(nil), v...), shape...), nil
	}
	t, err := FromFloat64s(dtype, mapTo(v, func(x int64) float64 { return float64(x) }), shape...)
	if err != nil || dtype.IsFloat() || dtype == Bool {
		return t, err
	}
	back, err := t.Int64s()
	if err != nil {
		return nil, err
	}
	for i := range v {
		if back[i] != v[i] {
			return nil, fmt.Errorf("tensor: %d does not fit %v", v[i], dtype)
		}
	}
	return t, nil
}

// Cast converts t to another type: as FromFloat64s, but integer to integer
// wraps (ONNX Cast on out-of-range integers keeps the low bits).
func (t *Tensor) Cast(dtype DType) (*Tensor, error) {
	if dtype == t.dtype {
		return t, nil
	}
	if !t.dtype.IsReal() || !dtype.IsReal() {
		return nil, fmt.Errorf("tensor: no cast from %v to %v", t.dtype, dtype)
	}
	if dtype == Float32 && t.dtype.IsFloat() {
		return Of(t.Float32s(), t.shape...), nil
	}
	if dtype == Float16 && t.dtype == Float32 {
		return castF32ToF16(t), nil
	}
	if t.dtype.IsFloat() || dtype.IsFloat() || dtype == Bool {
		return FromFloat64s(dtype, t.Float64s(), t.shape...)
	}
	v, err := t.Int64s()
	if err != nil {
		return nil, err
	}
	return wrapInts(dtype, v, t.shape)
}

func wrapInts(dtype DType, v []int64, shape []int) (*Tensor, error) {
	out := New(dtype, shape...)
	w := dtype.Bits() / 8
	for i, x := range v {
		if w == 0 {
			pack(out.data, dtype.Bits(), i, uint8(x))
			continue
		}
		for b := range w {
			out.data[i*w+b] = byte(x >> (8 * b))
		}
	}
	return out, nil
}

func saturate(x, lo, hi float64) float64 {
	if x != x {
		return 0
	}
	return math.Trunc(math.Max(lo, math.Min(hi, x)))
}

func fill[T Elem](t *Tensor, v []float64, f func(float64) T) {
	dst := View[T](t)
	for i, x := range v {
		dst[i] = f(x)
	}
}

func mapTo[A, B any](v []A, f func(A) B) []B {
	out := make([]B, len(v))
	for i, x := range v {
		out[i] = f(x)
	}
	return out
}
