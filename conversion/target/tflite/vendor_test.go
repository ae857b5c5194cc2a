package tflite

import (
	"math"
	"math/rand/v2"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// difference is the largest absolute difference relative to the range of want.
func difference(got, want *tensor.Tensor) float64 {
	g, w := got.Float64s(), want.Float64s()
	scale, worst := 1e-6, 0.0
	for _, x := range w {
		if !math.IsInf(x, 0) && !math.IsNaN(x) {
			scale = max(scale, math.Abs(x))
		}
	}
	if want.DType() == tensor.Float16 {
		scale *= 32
	}
	for i := range w {
		if w[i] == g[i] || math.IsNaN(w[i]) && math.IsNaN(g[i]) {
			continue
		}
		d := math.Abs(w[i]-g[i]) / scale
		if d != d {
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}

// randomInputs fills the graph's inputs with values in [lo,hi); unknown
// dimensions become batch.
func randomInputs(t testing.TB, g *ir.Graph, lo, hi float64, batch int) map[string]*tensor.Tensor {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	in := map[string]*tensor.Tensor{}
	for _, v := range g.Inputs {
		shape, n := make([]int, len(v.Shape)), 1
		for i, d := range v.Shape {
			x, ok := d.Int()
			if !ok {
				x = int64(batch)
			}
			shape[i], n = int(x), n*int(x)
		}
		vals := make([]float64, n)
		for i := range vals {
			vals[i] = lo + rng.Float64()*(hi-lo)
		}
		x, err := tensor.FromFloat64s(v.DType, vals, shape...)
		if err != nil {
			t.Fatal(err)
		}
		in[v.Name] = x
	}
	return in
}
