package tensor

import (
	"math"
	"sync"
)

type float8Format struct {
	mantissa, bias int
	fnuz, inf      bool
}

func float8FormatOf(d DType) float8Format {
	switch d {
	case Float8E4M3FN:
		return float8Format{mantissa: 3, bias: 7}
	case Float8E4M3FNUZ:
		return float8Format{mantissa: 3, bias: 8, fnuz: true}
	case Float8E5M2:
		return float8Format{mantissa: 2, bias: 15, inf: true}
	default:
		return float8Format{mantissa: 2, bias: 16, fnuz: true}
	}
}

// Float8ToFloat32 widens one of the four 8-bit formats of ONNX ("Float stored
// in 8 bits", ONNX technical notes), exactly.
func Float8ToFloat32(d DType, v uint8) float32 {
	f := float8FormatOf(d)
	sign := float32(1)
	if v&0x80 != 0 {
		sign = -1
	}
	mag := int(v & 0x7f)
	exp, frac := mag>>f.mantissa, mag&(1<<f.mantissa-1)
	maxExp := 1<<(7-f.mantissa) - 1
	nan := float32(math.NaN())
	switch {
	case f.fnuz && v == 0x80:
		return nan
	case f.inf && exp == maxExp && frac == 0:
		return sign * float32(math.Inf(1))
	case f.inf && exp == maxExp:
		return nan
	case !f.fnuz && !f.inf && mag == 0x7f:
		return nan
	case exp == 0:
		return sign * float32(math.Ldexp(float64(frac), 1-f.bias-f.mantissa))
	}
	return sign * float32(math.Ldexp(float64(frac|1<<f.mantissa), exp-f.bias-f.mantissa))
}

type float8Table struct {
	once  sync.Once
	value [128]float32 // finite magnitudes in increasing order
	last  int          // index of the largest finite magnitude
}

var float8Tables [4]float8Table

func float8TableOf(d DType) *float8Table {
	t := &float8Tables[d-Float8E4M3FN]
	t.once.Do(func() {
		for i := range 128 {
			v := Float8ToFloat32(d, uint8(i))
			if v != v || math.IsInf(float64(v), 0) {
				break
			}
			t.value[i], t.last = v, i
		}
	})
	return t
}

// Float32ToFloat8 rounds to nearest even. Values beyond the largest finite one
// saturate to it where saturate is set, else become Inf (E5M2) or NaN (others),
// as ONNX Cast specifies.
func Float32ToFloat8(d DType, x float32, saturate bool) uint8 {
	f := float8FormatOf(d)
	sign := uint8(math.Float32bits(x) >> 24 & 0x80)
	nan := uint8(0x7f)
	if f.fnuz {
		nan = 0x80
	}
	if x != x {
		if f.fnuz {
			return nan
		}
		return sign | nan
	}
	t := float8TableOf(d)
	mag := float32(math.Abs(float64(x)))
	lo, hi := 0, t.last
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if t.value[mid] <= mag {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	step := lo
	if lo < t.last {
		down, up := mag-t.value[lo], t.value[lo+1]-mag
		if up < down || up == down && lo&1 == 1 {
			step = lo + 1
		}
	} else if gap := t.value[lo] - t.value[lo-1]; mag > t.value[lo]+gap/2 || mag == t.value[lo]+gap/2 && lo&1 == 1 || math.IsInf(float64(mag), 0) {
		if !saturate {
			if f.inf {
				return sign | 0x7c
			}
			if f.fnuz {
				return nan
			}
			return sign | nan
		}
	}
	if f.fnuz && step == 0 {
		return 0
	}
	return sign | uint8(step)
}
