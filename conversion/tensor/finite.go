package tensor

import (
	"encoding/binary"
	"math"
	"sync/atomic"
)

// What is known of a tensor's elements; they do not change.
const (
	notAsked = iota
	allFinite
	someNot
)

// Finite reports whether no element of a floating-point tensor is NaN or ±Inf.
// The elements are read at the first call only; what lies in a mapped file is
// given back to the system behind that, and what is transposed is not put together.
func (t *Tensor) Finite() bool {
	if !t.dtype.IsFloat() {
		return true
	}
	if k := t.finite.Load(); k != notAsked {
		return k == allFinite
	}
	ok := t.isFinite()
	if ok {
		t.finite.Store(allFinite)
	} else {
		t.finite.Store(someNot)
	}
	return ok
}

func (t *Tensor) isFinite() bool {
	if t.later != nil && t.later.from != nil {
		return t.later.from.Finite() // the same elements in another order
	}
	// Elements whose exponent is all ones are not finite: one more in its last place
	// carries into the sign.
	var exponent, one uint64
	switch t.dtype {
	case Float64:
		exponent, one = 0x7ff0<<48, 0x0010<<48
	case Float32:
		exponent, one = 0x7f800000_7f800000, 0x00800000_00800000
	case Float16:
		exponent, one = 0x7c00_7c00_7c00_7c00, 0x0400_0400_0400_0400
	case BFloat16:
		exponent, one = 0x7f80_7f80_7f80_7f80, 0x0080_0080_0080_0080
	default:
		for _, v := range t.Float64s() {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
		}
		return true
	}
	data, carried := t.Bytes(), ^exponent&(exponent+one)
	var found atomic.Bool
	pieces := (len(data) + streamChunk - 1) / streamChunk
	Parallel(pieces, 1, func(lo, hi int) {
		for i := lo; i < hi && !found.Load(); i++ {
			b := data[i*streamChunk : min((i+1)*streamChunk, len(data))]
			if carries(b, exponent, one)&carried != 0 {
				found.Store(true)
			}
			t.giveBack(b)
		}
	})
	return !found.Load()
}

// carries adds one to the exponents of all elements in b, eight bytes at a time,
// and gives every bit that is set in a sum.
func carries(b []byte, exponent, one uint64) uint64 {
	var all uint64
	for ; len(b) >= 32; b = b[32:] {
		all |= binary.LittleEndian.Uint64(b)&exponent + one
		all |= binary.LittleEndian.Uint64(b[8:])&exponent + one
		all |= binary.LittleEndian.Uint64(b[16:])&exponent + one
		all |= binary.LittleEndian.Uint64(b[24:])&exponent + one
	}
	var rest [32]byte // zeros are finite
	copy(rest[:], b)
	for k := 0; k < len(rest); k += 8 {
		all |= binary.LittleEndian.Uint64(rest[k:])&exponent + one
	}
	return all
}
