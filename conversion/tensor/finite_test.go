package tensor

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
)

// One element that is not finite is found wherever it stands, in every type, at
// every alignment; the largest finite ones are not taken for it.
func TestFinite(t *testing.T) {
	largest := map[DType]float64{
		Float64: math.MaxFloat64, Float32: math.MaxFloat32, Float16: 65504, BFloat16: math.Float64frombits(0x47efe00000000000),
	}
	for dtype, top := range largest {
		for _, n := range []int{1, 2, 3, 7, 16, 33, 100} {
			for at := range n {
				for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), top, -top} {
					v := make([]float64, n)
					for i := range v {
						v[i] = rand.NormFloat64()
					}
					v[at] = odd
					x, err := FromFloat64s(dtype, v, n)
					if err != nil {
						t.Fatal(err)
					}
					shifted := append(make([]byte, 3), x.Bytes()...)[3:]
					y, err := FromBytes(dtype, []int{n}, shifted)
					if err != nil {
						t.Fatal(err)
					}
					want := math.Abs(odd) == top
					for range 2 { // the answer is kept
						if x.Finite() != want || y.Finite() != want {
							t.Fatalf("%v: %g at %d of %d: %v, %v", dtype, odd, at, n, x.Finite(), y.Finite())
						}
					}
				}
			}
		}
	}
}

// A tensor larger than a piece is read to its end, once for all views of it, and a
// transposed one is not put together.
func TestFiniteLarge(t *testing.T) {
	const rows, columns = 2500, 2000
	for _, last := range []float32{1, float32(math.NaN())} {
		v := make([]float32, rows*columns)
		v[len(v)-1] = last
		var read atomic.Int64
		x := Of(v, rows, columns).Backed(func(b []byte) { read.Add(int64(len(b))) })
		turned, err := x.Transposed(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !turned.IsDeferred() {
			t.Fatal("the transposed tensor is there already")
		}
		if want := last == 1; turned.Finite() != want || x.Finite() != want {
			t.Errorf("%g: %v, %v", last, turned.Finite(), x.Finite())
		}
		view, err := x.Reshape(columns, rows)
		if err != nil {
			t.Fatal(err)
		}
		if view.Finite() != (last == 1) || turned.later.kept.Value() != nil {
			t.Error("the view does not know, or the transposed tensor was put together")
		}
		if n := int(read.Load()); n > x.Size() || last == 1 && n != x.Size() {
			t.Errorf("%d bytes of %d were read", n, x.Size())
		}
	}
	if !New(Float32, 0).Finite() || !New(Int8, 3).Finite() {
		t.Error("no elements, or integers, are not finite")
	}
}
