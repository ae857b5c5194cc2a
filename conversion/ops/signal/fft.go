package signal

import (
	"math"
	"math/cmplx"
)

// transform computes discrete Fourier transforms of one length. It may be used
// by one goroutine at a time.
type transform struct {
	n     int
	roots []complex128 // e^(∓2πik/n)
	tmp   []complex128
}

// newTransform prepares length n; an inverse one lacks the division by n.
func newTransform(n int, inverse bool) *transform {
	t := &transform{n: n, roots: make([]complex128, n), tmp: make([]complex128, n)}
	sign := -2 * math.Pi
	if inverse {
		sign = -sign
	}
	for k := range t.roots {
		t.roots[k] = cmplx.Rect(1, sign*float64(k)/float64(n))
	}
	return t
}

// run replaces x, of length n, by its transform.
func (t *transform) run(x []complex128) {
	copy(t.tmp, x)
	t.split(x, t.tmp, t.n, 1)
}

// split writes to dst the transform of the n elements of src that are step
// apart: Cooley and Tukey's algorithm by the smallest prime factor of n.
func (t *transform) split(dst, src []complex128, n, step int) {
	if n == 1 {
		dst[0] = src[0]
		return
	}
	p := smallestFactor(n)
	m := n / p
	for r := range p {
		t.split(dst[r*m:][:m], src[r*step:], m, step*p)
	}
	part := make([]complex128, p)
	for k := range m {
		for r := range p {
			part[r] = dst[r*m+k]
		}
		for q := range p {
			var sum complex128
			for r, v := range part {
				sum += v * t.roots[r*(k+q*m)%n*step]
			}
			dst[q*m+k] = sum
		}
	}
}

func smallestFactor(n int) int {
	for p := 2; p*p <= n; p++ {
		if n%p == 0 {
			return p
		}
	}
	return n
}
