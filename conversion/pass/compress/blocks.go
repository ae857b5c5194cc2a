package compress

import (
	"math"

	"slipway/conversion/tensor"
)

// grid says which scale belongs to an element: element (o, a, i) of a tensor seen
// as [outer, axis, inner] has scale (o, a/block, i), or, where block is 0, a.
type grid struct{ outer, axis, inner, block int }

func blocks(shape []int, axis, block int) grid {
	g := grid{outer: 1, axis: shape[axis], inner: 1, block: block}
	for i, d := range shape {
		switch {
		case i < axis:
			g.outer *= d
		case i > axis:
			g.inner *= d
		}
	}
	return g
}

// scales is how many scales there are.
func (g grid) scales() int {
	if g.block == 0 {
		return g.axis
	}
	return g.outer * g.axis / g.block * g.inner
}

// scale is the place of the scale of element k.
func (g grid) scale(k int) int {
	a := k / g.inner % g.axis
	if g.block == 0 {
		return a
	}
	return (k/(g.inner*g.axis)*(g.axis/g.block)+a/g.block)*g.inner + k%g.inner
}

// each calls f with every element of scale s.
func (g grid) each(s int, f func(k int)) {
	if g.block == 0 {
		for o := range g.outer {
			at := (o*g.axis + s) * g.inner
			for k := range g.inner {
				f(at + k)
			}
		}
		return
	}
	i, rest := s%g.inner, s/g.inner
	per := g.axis / g.block
	o, b := rest/per, rest%per
	for k := range g.block {
		f((o*g.axis+b*g.block+k)*g.inner + i)
	}
}

// smallest scale: weights that are all zero get it.
const smallestScale = 1e-12

// quantize gives symmetric integers of at most top in magnitude and their
// scales: of some below the one that reaches the largest weight, that with the
// least squared error.
func (g grid) quantize(x []float32, top int) ([]int8, []float32) {
	q, scales := make([]int8, len(x)), make([]float32, g.scales())
	limit := float32(top)
	tries := 1
	if top < 127 {
		tries = 9 // few levels: cutting off the largest weight may pay
	}
	grain := max(1, 1<<14/max(1, len(x)/max(1, len(scales))))
	tensor.Parallel(len(scales), grain, func(lo, hi int) {
		for s := lo; s < hi; s++ {
			var largest float32
			g.each(s, func(k int) { largest = max(largest, float32(math.Abs(float64(x[k])))) })
			full := max(largest/limit, smallestScale)
			best, least := full, float32(math.Inf(1))
			for t := range tries {
				scale := full * (1 - 0.04*float32(t))
				var sum float32
				g.each(s, func(k int) {
					d := x[k] - level(x[k], scale, limit)*scale
					sum += d * d
				})
				if sum < least {
					best, least = scale, sum
				}
			}
			scales[s] = best
			g.each(s, func(k int) { q[k] = int8(level(x[k], best, limit)) })
		}
	})
	return q, scales
}

// level is the integer for x.
func level(x, scale, limit float32) float32 {
	y := float32(math.RoundToEven(float64(x / scale)))
	return min(max(y, -limit), limit)
}

// packInt4 holds integers of -8 to 7 in four bits each, the first in the lowest.
func packInt4(q []int8, shape []int) *tensor.Tensor {
	t := tensor.New(tensor.Int4, shape...)
	b := t.Bytes()
	for i, v := range q {
		b[i/2] |= byte(v) & 15 << (i % 2 * 4)
	}
	return t
}
