package quantize

import (
	"math"
	"sync"

	"slipway/conversion/tensor"
)

// matrix views weights as channels along one axis: element k of channel c lies
// at outer*channels*inner + c*inner + i, for k = outer*inner + i.
type matrix struct {
	v                      []float32
	outer, channels, inner int
}

func matrixOf(t *tensor.Tensor, axis int, perChannel bool) matrix {
	m := matrix{v: t.Float32s(), outer: 1, channels: 1, inner: 1}
	if !perChannel {
		m.inner = t.Len()
		return m
	}
	for i, d := range t.Shape() {
		switch {
		case i < axis:
			m.outer *= d
		case i == axis:
			m.channels = d
		default:
			m.inner *= d
		}
	}
	return m
}

// each calls f with every run of consecutive elements of channel c.
func (m matrix) each(c int, f func(offset int, run []float32)) {
	for o := range m.outer {
		at := (o*m.channels + c) * m.inner
		f(at, m.v[at:at+m.inner])
	}
}

// quantizeWeights gives symmetric 8-bit weights and their scales, one for each
// channel. qmax is 127, or 64 for the reduced range. least[c] is a scale that
// channel c must not fall below, so that its bias fits 32 bits; nil: none.
func quantizeWeights(m matrix, qmax float32, mse bool, least []float32) (q []int8, scales []float32) {
	q, scales = make([]int8, len(m.v)), make([]float32, m.channels)
	grain := max(1, (1<<16)/max(1, m.outer*m.inner))
	if m.inner == 1 && m.outer > 1 {
		grain = max(grain, 16) // neighbours share cache lines
	}
	tensor.Parallel(m.channels, grain, func(lo, hi int) {
		for c := lo; c < hi; c++ {
			var top float32
			m.each(c, func(_ int, run []float32) { top = max(top, absMax(run)) })
			s := top / qmax
			if mse && top > 0 {
				s = m.search(c, s, qmax)
			}
			if least != nil {
				s = max(s, least[c])
			}
			if s < smallestScale {
				s = smallestScale
			}
			scales[c] = s
			m.each(c, func(at int, run []float32) { roundTo(q[at:at+len(run)], run, s, qmax) })
		}
	})
	return q, scales
}

func absMax(v []float32) float32 {
	var b uint32
	for _, x := range v {
		b = max(b, math.Float32bits(x)&^(1<<31))
	}
	return math.Float32frombits(b)
}

// magic added to a float of magnitude below 2^22 rounds it to the nearest even
// integer, which then stands in the low bits.
const magic = 3 << 22

func roundTo(dst []int8, v []float32, s, qmax float32) {
	for i, x := range v {
		y := x / s
		if y > qmax {
			y = qmax
		} else if y < -qmax {
			y = -qmax
		}
		dst[i] = int8(int32(math.Float32bits(y+magic)) - 0x4b400000)
	}
}

// search tries scales below the one that covers the largest weight and returns
// that with the least squared error.
func (m matrix) search(c int, full, qmax float32) float32 {
	best, least := full, m.squaredError(c, full, qmax)
	for k := 1; k <= 12; k++ {
		s := full * (1 - float32(k)/40)
		e := m.squaredError(c, s, qmax)
		if e < least {
			best, least = s, e
		} else if e > 4*least {
			break
		}
	}
	return best
}

func (m matrix) squaredError(c int, s, qmax float32) float64 {
	sum := 0.0
	inv := 1 / s
	m.each(c, func(_ int, run []float32) {
		var part float32
		for _, x := range run {
			y := x * inv
			if y > qmax {
				y = qmax
			} else if y < -qmax {
				y = -qmax
			}
			r := (y + magic) - magic
			d := x - r*s
			part += d * d
		}
		sum += float64(part)
	})
	return sum
}

// memo keeps quantized weights and bias corrections between rewrites of copies of
// one graph with the same options but for the activations' ranges.
type memo struct {
	mu          sync.Mutex
	weights     map[memoKey]memoWeight
	corrections map[layerKey][]float32
}

type memoKey struct {
	t    *tensor.Tensor
	axis int
}

type layerKey struct {
	weights *tensor.Tensor
	layer   string
}

type memoWeight struct {
	q      []int8
	scales []float32
}

// quantize is quantizeWeights without a least scale, from the memo if it is there.
func (k *memo) quantize(t *tensor.Tensor, axis int, m matrix, qmax float32, mse bool) (q []int8, scales []float32) {
	if k == nil {
		return quantizeWeights(m, qmax, mse, nil)
	}
	key := memoKey{t, axis}
	k.mu.Lock()
	w, ok := k.weights[key]
	k.mu.Unlock()
	if ok {
		return w.q, w.scales
	}
	w.q, w.scales = quantizeWeights(m, qmax, mse, nil)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.weights == nil {
		k.weights = map[memoKey]memoWeight{}
	}
	k.weights[key] = w
	return w.q, w.scales
}

// correction is what find gives, from the memo if it is there.
func (k *memo) correction(layer layerKey, find func() []float32) []float32 {
	if k == nil {
		return find()
	}
	k.mu.Lock()
	c, ok := k.corrections[layer]
	k.mu.Unlock()
	if ok {
		return c
	}
	c = find()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.corrections == nil {
		k.corrections = map[layerKey][]float32{}
	}
	k.corrections[layer] = c
	return c
}
