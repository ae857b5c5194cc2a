package fuse

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// TestStaysFinite compares with the products themselves, over magnitudes around
// the largest float32 and elements that are not finite.
func TestStaysFinite(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[bool]int{}
	for range 20_000 {
		rows, inner := 1+r.IntN(3), 1+r.IntN(9)
		w, factors := make([]byte, 4*rows*inner), make([]float64, rows)
		want, allFinite := true, true
		for i := range factors {
			factors[i] = math.Ldexp(r.NormFloat64(), r.IntN(6)-3)
			for k := range inner {
				x := math.Float32frombits(uint32(r.IntN(2))<<31 | uint32(248+r.IntN(7))<<23 | uint32(r.IntN(1<<23)))
				if r.IntN(200) == 0 {
					x = [...]float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}[r.IntN(3)]
				}
				binary.LittleEndian.PutUint32(w[4*(i*inner+k):], math.Float32bits(x))
				y := float32(float64(x) * factors[i])
				allFinite = allFinite && x-x == 0
				want = want && y-y == 0
			}
		}
		want = want || !allFinite
		if got := staysFinite(w, inner, factors); got != want {
			t.Fatalf("rows of %d, factors %v, % x: %v, want %v", inner, factors, w, got, want)
		}
		seen[want]++
	}
	if seen[true] < 100 || seen[false] < 100 {
		t.Fatalf("one-sided: %v", seen)
	}
}
