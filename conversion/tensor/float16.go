package tensor

import (
	"encoding/binary"
	"math"
	"runtime"
	"sync"
)

// Float16ToFloat32 widens an IEEE 754 binary16 bit pattern, exactly.
func Float16ToFloat32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	case frac == 0:
		return math.Float32frombits(sign)
	}
	f := float32(frac) * (1.0 / (1 << 24))
	return math.Float32frombits(math.Float32bits(f) | sign)
}

// Float32ToFloat16 rounds to the nearest binary16, ties to even; overflow gives
// ±Inf and NaN stays NaN.
func Float32ToFloat16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00
	case b >= 0x47800000:
		return sign | 0x7c00
	case b >= 0x38800000:
		// Normal: adding the rounding bias may carry into the exponent, which is
		// the right answer (65520 and above become Inf).
		return sign | uint16((b+0xfff+b>>13&1-(112<<23))>>13)
	}
	// Subnormal or zero: the addition aligns the fraction so that the FPU rounds.
	d := math.Float32frombits(b) + 0.5
	return sign | uint16(math.Float32bits(d)-0x3f000000)
}

// Float64ToFloat16 rounds once, straight from binary64 (no double rounding).
func Float64ToFloat16(x float64) uint16 {
	f := float32(x)
	if float64(f) != x && f == f && !math.IsInf(float64(f), 0) {
		// Round to odd in binary32 first: then the second rounding is exact.
		b := math.Float32bits(f)
		if math.Abs(float64(f)) > math.Abs(x) {
			b--
		}
		f = math.Float32frombits(b | 1)
	}
	return Float32ToFloat16(f)
}

// Float32ToBFloat16 rounds to nearest even; NaN stays NaN.
func Float32ToBFloat16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func castF32ToF16(t *Tensor) *Tensor {
	out := New(Float16, t.shape...)
	// From the bytes: those of a mapped file are seldom aligned, and a View would
	// copy them.
	src, dst := t.Bytes(), View[uint16](out)
	Parallel(len(dst), 1<<16, func(lo, hi int) {
		from, to := src[4*lo:4*hi], dst[lo:hi]
		for i := range to {
			// Nearly all weights are normal in binary16, for which this is the whole of
			// Float32ToFloat16; the call costs more than the arithmetic.
			b := binary.LittleEndian.Uint32(from[4*i:])
			if m := b & 0x7fffffff; m-0x38800000 < 0x47800000-0x38800000 {
				to[i] = uint16(b>>16)&0x8000 | uint16((m+0xfff+m>>13&1-(112<<23))>>13)
				continue
			}
			to[i] = Float32ToFloat16(math.Float32frombits(b))
		}
	})
	return out
}

// Parallel calls f on consecutive ranges that cover [0,n), on all cores where
// n exceeds grain, and returns when all are done. f must be safe to run
// concurrently on disjoint ranges.
func Parallel(n, grain int, f func(lo, hi int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+grain-1)/max(grain, 1))
	if workers <= 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		lo, hi := n*w/workers, n*(w+1)/workers
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(lo, hi)
		}()
	}
	wg.Wait()
}
