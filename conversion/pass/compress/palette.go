package compress

import (
	"math"
	"slices"

	"slipway/conversion/tensor"
)

// point is all weights that share their upper 16 bits, and so lie within one part
// in 128 of each other.
type point struct {
	n, sum, squares float64
}

// quantizePalette gives up to 2^bits values and x with each element replaced by
// the nearest of them. The values are those with the least squared error over x,
// found by dynamic programming (k-means in one dimension has an exact solution)
// over the elements grouped by their upper 16 bits. Equal input gives equal
// output.
func quantizePalette(x []float32, bits int) (table, out []float32) {
	points := group(x)
	table = centres(points, 1<<bits)
	out = make([]float32, len(x))
	edges := make([]float32, len(table)-1)
	for i := range edges {
		edges[i] = (table[i] + table[i+1]) / 2
	}
	tensor.Parallel(len(x), 1<<14, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			k, _ := slices.BinarySearch(edges, x[i])
			out[i] = table[k]
		}
	})
	return table, out
}

// group sorts the elements into points, in ascending order.
func group(x []float32) []point {
	bins := make([]point, 1<<16)
	for _, v := range x {
		b := math.Float32bits(v) >> 16
		if b&0x8000 != 0 {
			b = ^b & 0xffff // negative: the larger the bits the smaller the number
		} else {
			b |= 0x8000
		}
		p, f := &bins[b], float64(v)
		p.n, p.sum, p.squares = p.n+1, p.sum+f, p.squares+f*f
	}
	var out []point
	for _, p := range bins {
		if p.n > 0 {
			out = append(out, p)
		}
	}
	return out
}

// centres are the means of the k groups of neighbouring points that have the
// least squared error in all; fewer where there are fewer points.
func centres(points []point, k int) []float32 {
	n := len(points)
	k = min(k, n)
	// Sums over the points before each place.
	w, s, q := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	for i, p := range points {
		w[i+1], s[i+1], q[i+1] = w[i]+p.n, s[i]+p.sum, q[i]+p.squares
	}
	cost := func(lo, hi int) float64 { // of one group of points lo to hi-1
		d := s[hi] - s[lo]
		return max(0, q[hi]-q[lo]-d*d/(w[hi]-w[lo]))
	}
	best := make([]float64, n+1) // of the first i points in the groups so far
	for i := 1; i <= n; i++ {
		best[i] = cost(0, i)
	}
	from := make([][]int32, k)
	for g := 1; g < k; g++ {
		next, at := make([]float64, n+1), make([]int32, n+1)
		// The best place to cut moves forward with i: divide and conquer.
		var solve func(lo, hi, first, last int)
		solve = func(lo, hi, first, last int) {
			if lo > hi {
				return
			}
			mid := (lo + hi) / 2
			least, cut := math.Inf(1), first
			for c := max(first, g); c <= min(last, mid-1); c++ {
				if v := best[c] + cost(c, mid); v < least {
					least, cut = v, c
				}
			}
			next[mid], at[mid] = least, int32(cut)
			solve(lo, mid-1, first, cut)
			solve(mid+1, hi, cut, last)
		}
		solve(g+1, n, g, n-1)
		best, from[g] = next, at
	}
	out := make([]float32, k)
	for g, hi := k-1, n; g >= 0; g-- {
		lo := 0
		if g > 0 {
			lo = int(from[g][hi])
		}
		out[g] = float32((s[hi] - s[lo]) / (w[hi] - w[lo]))
		hi = lo
	}
	return slices.Compact(out)
}
