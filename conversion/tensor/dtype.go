package tensor

import "fmt"

// DType is the element type of a tensor. The zero value, Invalid, means
// "unknown" and never describes a Tensor.
type DType uint8

// The element types of ONNX. Types of less than one byte are packed, the first
// element in the lowest bits.
const (
	Invalid DType = iota
	Float32
	Float16
	BFloat16
	Float64
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Bool
	Int4
	Uint4
	String
	Float8E4M3FN
	Float8E5M2
	Float8E4M3FNUZ
	Float8E5M2FNUZ
	Complex64
	Complex128
	Sequence // holds tensors, see NewSequence
	Optional // holds one value or none, see NewOptional
	Int2
	Uint2
	Float4E2M1
	Float8E8M0 // powers of two: an exponent, without sign and without zero
)

var dtypeInfo = [...]struct {
	name string
	bits int
}{
	Invalid: {"invalid", 0}, Float32: {"f32", 32}, Float16: {"f16", 16}, BFloat16: {"bf16", 16}, Float64: {"f64", 64},
	Int8: {"i8", 8}, Int16: {"i16", 16}, Int32: {"i32", 32}, Int64: {"i64", 64},
	Uint8: {"u8", 8}, Uint16: {"u16", 16}, Uint32: {"u32", 32}, Uint64: {"u64", 64},
	Bool: {"bool", 8}, Int4: {"i4", 4}, Uint4: {"u4", 4}, String: {"string", 0},
	Float8E4M3FN: {"f8e4m3fn", 8}, Float8E5M2: {"f8e5m2", 8}, Float8E4M3FNUZ: {"f8e4m3fnuz", 8}, Float8E5M2FNUZ: {"f8e5m2fnuz", 8},
	Complex64: {"c64", 64}, Complex128: {"c128", 128},
	Sequence: {"seq", 0}, Optional: {"optional", 0},
	Int2: {"i2", 2}, Uint2: {"u2", 2}, Float4E2M1: {"f4e2m1", 4}, Float8E8M0: {"f8e8m0", 8},
}

// String returns the short name used in text forms and reports: f32, i8, bool …
func (d DType) String() string {
	if int(d) < len(dtypeInfo) {
		return dtypeInfo[d].name
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// ParseDType is the inverse of String.
func ParseDType(s string) (DType, error) {
	for i, e := range dtypeInfo {
		if i > 0 && e.name == s {
			return DType(i), nil
		}
	}
	return Invalid, fmt.Errorf("tensor: unknown element type %q", s)
}

// Bits is the size of one element in bits; 0 for String and Invalid.
func (d DType) Bits() int {
	if int(d) < len(dtypeInfo) {
		return dtypeInfo[d].bits
	}
	return 0
}

// ByteSize is the number of bytes that n packed elements take.
func (d DType) ByteSize(n int) int { return (n*d.Bits() + 7) / 8 }

// IsFloat reports whether d is a real floating-point type of any width.
func (d DType) IsFloat() bool {
	switch d {
	case Float32, Float16, BFloat16, Float64, Float8E4M3FN, Float8E5M2, Float8E4M3FNUZ, Float8E5M2FNUZ, Float4E2M1, Float8E8M0:
		return true
	}
	return false
}

// IsReal reports whether elements are real numbers or truth values: what
// Float64s can give.
func (d DType) IsReal() bool { return d.IsFloat() || d.IsInt() || d == Bool }

// IsInt reports whether d is a signed or unsigned integer type; Bool is not.
func (d DType) IsInt() bool { return d.IsSigned() || d.IsUnsigned() }

// IsSigned reports whether d is a signed integer type.
func (d DType) IsSigned() bool {
	switch d {
	case Int2, Int4, Int8, Int16, Int32, Int64:
		return true
	}
	return false
}

// IsUnsigned reports whether d is an unsigned integer type.
func (d DType) IsUnsigned() bool {
	switch d {
	case Uint2, Uint4, Uint8, Uint16, Uint32, Uint64:
		return true
	}
	return false
}
