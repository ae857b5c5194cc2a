package tflite

import (
	"math/rand/v2"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

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
