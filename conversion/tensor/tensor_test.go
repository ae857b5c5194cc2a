package tensor

import (
	"math"
	"testing"
)

func TestFloat16RoundTripsEveryPattern(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		f := Float16ToFloat32(h)
		if f != f {
			if g := Float32ToFloat16(f); g&0x7c00 != 0x7c00 || g&0x3ff == 0 {
				t.Fatalf("NaN %#x became %#x", h, g)
			}
			continue
		}
		if g := Float32ToFloat16(f); g != h {
			t.Fatalf("%#x -> %g -> %#x", h, f, g)
		}
	}
}

func TestFloat16RoundsToNearestEven(t *testing.T) {
	for i := range 0x7bff {
		a, b := Float16ToFloat32(uint16(i)), Float16ToFloat32(uint16(i+1))
		mid := float32((float64(a) + float64(b)) / 2)
		want := uint16(i + i&1)
		if got := Float32ToFloat16(mid); got != want {
			t.Fatalf("midpoint of %#x: got %#x, want %#x", i, got, want)
		}
		if got := Float32ToFloat16(math.Nextafter32(mid, 0)); got != uint16(i) {
			t.Fatalf("below midpoint of %#x: got %#x", i, got)
		}
		if got := Float64ToFloat16(math.Nextafter(float64(mid), 1e9)); got != uint16(i+1) {
			t.Fatalf("just above midpoint of %#x in binary64: got %#x", i, got)
		}
	}
	if got := Float32ToFloat16(65520); got != 0x7c00 {
		t.Fatalf("65520: got %#x, want Inf", got)
	}
	if got := Float32ToFloat16(65519); got != 0x7bff {
		t.Fatalf("65519: got %#x, want 65504", got)
	}
}

// TestCastToFloat16 compares the cast of whole tensors, which has a short way of
// its own, with the rounding of one value.
func TestCastToFloat16(t *testing.T) {
	var v []float32
	for b := uint64(0); b < 1<<32; b += 4093 {
		v = append(v, math.Float32frombits(uint32(b)))
	}
	for i := range 0x7c00 { // midpoints and their neighbours
		a, b := Float16ToFloat32(uint16(i)), Float16ToFloat32(uint16(i+1))
		mid := float32((float64(a) + float64(b)) / 2)
		v = append(v, a, -a, mid, -mid, math.Nextafter32(mid, 0), math.Nextafter32(mid, 1e9))
	}
	h, err := Of(v, len(v)).Cast(Float16)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range View[uint16](h) {
		if want := Float32ToFloat16(v[i]); got != want {
			t.Fatalf("%g: got %#x, want %#x", v[i], got, want)
		}
	}
}

func TestPackedTypesRoundTrip(t *testing.T) {
	for d, want := range map[DType][]float64{
		Int2: {0, 1, -2, -1, 1}, Uint2: {0, 1, 2, 3, 1}, Int4: {-8, 7, -1, 0, 5}, Uint4: {15, 0, 8, 1, 2},
		Float4E2M1: {0, 0.5, -1, 1.5, -2, 3, 4, -6, 6}, Float8E8M0: {1, 2, 0.5, 1 << 40},
	} {
		x, err := FromFloat64s(d, want, len(want))
		if err != nil {
			t.Fatal(err)
		}
		if n := (len(want)*d.Bits() + 7) / 8; len(x.Bytes()) != n {
			t.Errorf("%v takes %d bytes, want %d", d, len(x.Bytes()), n)
		}
		for i, v := range x.Float64s() {
			if v != want[i] {
				t.Errorf("%v element %d is %g, want %g", d, i, v, want[i])
			}
		}
	}
}

func TestFloat4RoundsToNearestEven(t *testing.T) {
	for x, want := range map[float32]float32{
		0.25: 0, 0.26: 0.5, 0.75: 1, 1.25: 1, 1.26: 1.5, 1.75: 2, 2.5: 2, 3.5: 4, 5: 4, 5.01: 6, 7: 6, 1e30: 6, -0.75: -1, -100: -6,
	} {
		if got := Float4ToFloat32(Float32ToFloat4(x)); got != want {
			t.Errorf("%g becomes %g, want %g", x, got, want)
		}
	}
}

// The special values are those of the table in the specification of Cast.
func TestFloat8E8M0(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		x    float64
		mode RoundMode
		sat  bool
		want uint8
	}{
		{1, RoundUp, true, 127},
		{1.01, RoundUp, true, 128},
		{1.99, RoundDown, true, 127},
		{1.5, RoundNearest, true, 128},
		{1.49, RoundNearest, true, 127},
		{0, RoundUp, true, 0},
		{0, RoundNearest, false, 255},
		{math.NaN(), RoundUp, true, 255},
		{inf, RoundUp, true, 254},
		{inf, RoundNearest, false, 255},
		{1e39, RoundUp, true, 254},
		{1e39, RoundNearest, false, 255},
		{1e-40, RoundUp, true, 0},
		{1e-40, RoundNearest, false, 255},
		{math.Ldexp(1, -127), RoundUp, true, 0},
	} {
		if got := Float64ToFloat8E8M0(c.x, c.sat, c.mode); got != c.want {
			t.Errorf("%g with mode %d, saturate %v becomes %d, want %d", c.x, c.mode, c.sat, got, c.want)
		}
	}
	for i := range 255 {
		if got := Float64ToFloat8E8M0(float64(Float8E8M0ToFloat32(uint8(i))), true, RoundUp); got != uint8(i) {
			t.Errorf("%d comes back as %d", i, got)
		}
	}
}

func TestFloat8RoundTripsEveryPattern(t *testing.T) {
	for _, d := range []DType{Float8E4M3FN, Float8E5M2, Float8E4M3FNUZ, Float8E5M2FNUZ} {
		for i := range 256 {
			f := Float8ToFloat32(d, uint8(i))
			if f != f || math.IsInf(float64(f), 0) {
				continue
			}
			if g := Float32ToFloat8(d, f, true); g != uint8(i) {
				t.Fatalf("%v %#x -> %g -> %#x", d, i, f, g)
			}
		}
	}
}

func TestViewCopiesUnaligned(t *testing.T) {
	raw := make([]byte, 9)
	raw[1], raw[5] = 1, 2
	x, err := FromBytes(Int32, []int{2}, raw[1:])
	if err != nil {
		t.Fatal(err)
	}
	if v := View[int32](x); v[0] != 1 || v[1] != 2 {
		t.Fatalf("got %v", v)
	}
}

func TestFromBytesRefusesWrongLengthsAndHugeShapes(t *testing.T) {
	for _, shape := range [][]int{{3}, {-1}, {1 << 30, 1 << 30}} {
		if _, err := FromBytes(Float32, shape, make([]byte, 8)); err == nil {
			t.Errorf("shape %v was accepted for 8 bytes", shape)
		}
	}
}

func TestCast(t *testing.T) {
	for _, c := range []struct {
		in   *Tensor
		to   DType
		want *Tensor
	}{
		{Of([]float32{1.9, -1.9, 300}, 3), Uint8, Of([]uint8{1, 0, 255}, 3)},
		{Of([]int32{300, -1}, 2), Uint8, Of([]uint8{44, 255}, 2)},
		{Of([]float32{0, -2}, 2), Bool, Of([]bool{false, true}, 2)},
		{Of([]int64{1 << 40, -3}, 2), Float64, Of([]float64{1 << 40, -3}, 2)},
	} {
		got, err := c.in.Cast(c.to)
		if err != nil || !Equal(got, c.want) {
			t.Errorf("%v to %v: got %v (%v), want %v", c.in, c.to, got, err, c.want)
		}
	}
	x, err := FromInt64s(Int4, []int64{-8, 7, 3}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := x.Int64s(); v[0] != -8 || v[1] != 7 || v[2] != 3 {
		t.Errorf("int4: got %v", v)
	}
}
