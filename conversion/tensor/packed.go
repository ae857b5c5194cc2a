package tensor

import "math"

// packed reads element i of a type of less than one byte; the first element lies
// in the lowest bits.
func packed(data []byte, bits, i int) uint8 {
	per := 8 / bits
	return data[i/per] >> (bits * (i % per)) & (1<<bits - 1)
}

// pack sets element i of zeroed bytes to the low bits of v.
func pack(data []byte, bits, i int, v uint8) {
	per := 8 / bits
	data[i/per] |= v & (1<<bits - 1) << (bits * (i % per))
}

// unpackInts gives the elements of an integer type of less than one byte.
func unpackInts(t *Tensor) []int64 {
	data, bits := t.Bytes(), t.dtype.Bits()
	out := make([]int64, t.Len())
	for i := range out {
		v := packed(data, bits, i)
		out[i] = int64(v)
		if t.dtype.IsSigned() {
			out[i] = int64(int8(v<<(8-bits)) >> (8 - bits))
		}
	}
	return out
}

// intRange is what a signed or unsigned type of at most 32 bits holds.
func intRange(d DType) (lo, hi float64) {
	if d.IsSigned() {
		return -math.Ldexp(1, d.Bits()-1), math.Ldexp(1, d.Bits()-1) - 1
	}
	return 0, math.Ldexp(1, d.Bits()) - 1
}

// float4Values are the magnitudes of Float4E2M1 (OCP Microscaling Formats,
// section 5.3.3), by the three bits below the sign.
var float4Values = [8]float32{0, 0.5, 1, 1.5, 2, 3, 4, 6}

// Float4ToFloat32 widens the low four bits of v, a Float4E2M1, exactly.
func Float4ToFloat32(v uint8) float32 {
	f := float4Values[v&7]
	if v&8 != 0 {
		return float32(math.Copysign(float64(f), -1))
	}
	return f
}

// Float32ToFloat4 rounds to the nearest Float4E2M1, ties to even, and saturates.
// The type has no NaN: it becomes negative zero.
func Float32ToFloat4(x float32) uint8 {
	if x != x {
		return 8
	}
	sign := uint8(math.Float32bits(x) >> 28 & 8)
	mag := float32(math.Abs(float64(x)))
	for i := uint8(0); i < 7; i++ {
		middle := (float4Values[i] + float4Values[i+1]) / 2
		if mag < middle || mag == middle && i%2 == 0 {
			return sign | i
		}
	}
	return sign | 7
}

// RoundMode is how a number is rounded to a power of two.
type RoundMode uint8

// The modes of ONNX Cast's round_mode.
const (
	RoundUp      RoundMode = iota // away from zero
	RoundDown                     // toward zero
	RoundNearest                  // to nearest, ties up
)

// Float8E8M0ToFloat32 widens the exponent v, 2^(v-127); 255 is NaN.
func Float8E8M0ToFloat32(v uint8) float32 {
	if v == 255 {
		return float32(math.NaN())
	}
	return float32(math.Ldexp(1, int(v)-127))
}

// Float64ToFloat8E8M0 rounds the magnitude of x to a power of two. What is too
// large or too small, infinities and zero among it, becomes the nearest one there
// is where saturate is set and NaN otherwise (ONNX Cast-24, table of special
// values). The format has no sign: it is dropped.
func Float64ToFloat8E8M0(x float64, saturate bool, mode RoundMode) uint8 {
	if x != x {
		return 255
	}
	e := -1 // zero
	switch {
	case math.IsInf(x, 0):
		e = 255
	case x != 0:
		f, k := math.Frexp(math.Abs(x))
		e = k - 1 + 127
		if mode == RoundUp && f > 0.5 || mode == RoundNearest && f >= 0.75 {
			e++
		}
	}
	switch {
	case e >= 0 && e <= 254:
		return uint8(e)
	case !saturate:
		return 255
	case e < 0:
		return 0
	}
	return 254
}
