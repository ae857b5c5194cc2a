package signal

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// Lengths that are prime, even, powers of two and products go different ways.
func TestTransformByDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 12, 30, 31, 64, 77} {
		for _, inverse := range []bool{false, true} {
			x := make([]complex128, n)
			for i := range x {
				x[i] = complex(rng.NormFloat64(), rng.NormFloat64())
			}
			sign := -2 * math.Pi
			if inverse {
				sign = -sign
			}
			want := make([]complex128, n)
			for k := range want {
				for i, v := range x {
					want[k] += v * cmplx.Rect(1, sign*float64(k*i%n)/float64(n))
				}
			}
			newTransform(n, inverse).run(x)
			for k := range x {
				if cmplx.Abs(x[k]-want[k]) > 1e-9 {
					t.Fatalf("length %d, inverse %v: element %d is %v, want %v", n, inverse, k, x[k], want[k])
				}
			}
		}
	}
}

// A real signal comes back from the first half of its spectrum, for even and for
// odd lengths.
func TestRealSignalComesBack(t *testing.T) {
	for _, n := range []int{1, 2, 5, 8, 9} {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i*i%7) - 2
		}
		bins := n/2 + 1
		half := plan{half: true, axis: 1, parts: 1}.compute(x, []int{1, n, 1}, n, bins)
		back := plan{half: true, inverse: true, axis: 1, parts: 2}.compute(half, []int{1, bins, 2}, n, n)
		for i := range x {
			if math.Abs(back[i]-x[i]) > 1e-12 {
				t.Fatalf("length %d: %v came back as %v", n, x, back)
			}
		}
	}
}
