package random_test

import (
	"math"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

func draw(t *testing.T, node, op string, attrs ir.Attrs, in ...*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	out, err := all.Registry().EvalNode(&ir.Node{Name: node, Op: op, Attrs: attrs, Outputs: make([]*ir.Value, 1)}, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// The numbers follow from the seed, or from the node's name where there is none.
func TestSeeds(t *testing.T) {
	shape := []int64{64}
	plain := draw(t, "a", "RandomNormal", ir.Attrs{"shape": shape})
	if !tensor.Equal(plain, draw(t, "a", "RandomNormal", ir.Attrs{"shape": shape})) {
		t.Error("the same node draws other numbers")
	}
	if tensor.Equal(plain, draw(t, "b", "RandomNormal", ir.Attrs{"shape": shape})) {
		t.Error("another node draws the same numbers")
	}
	seeded := draw(t, "a", "RandomNormal", ir.Attrs{"shape": shape, "seed": 3.0})
	if !tensor.Equal(seeded, draw(t, "b", "RandomNormal", ir.Attrs{"shape": shape, "seed": 3.0})) {
		t.Error("the same seed gives other numbers")
	}
	if tensor.Equal(seeded, draw(t, "a", "RandomNormal", ir.Attrs{"shape": shape, "seed": 4.0})) {
		t.Error("another seed gives the same numbers")
	}
}

func TestDistributions(t *testing.T) {
	const n = 20000
	mean := func(x *tensor.Tensor) float64 {
		sum := 0.0
		for _, v := range x.Float64s() {
			sum += v
		}
		return sum / float64(x.Len())
	}
	shape := ir.Attrs{"shape": []int64{n}, "low": -1.0, "high": 3.0, "mean": 5.0, "scale": 2.0}
	p := tensor.New(tensor.Float32, n)
	quarter, err := tensor.FromFloat64s(tensor.Float32, make([]float64, n), n)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		x    *tensor.Tensor
		want float64
	}{
		{"uniform", draw(t, "u", "RandomUniform", shape), 1},
		{"normal", draw(t, "n", "RandomNormal", shape), 5},
		{"never", draw(t, "b", "Bernoulli", nil, p), 0},
		{"like", draw(t, "l", "RandomUniformLike", ir.Attrs{"low": 0.0, "high": 1.0}, quarter), 0.5},
		{"classes", draw(t, "m", "Multinomial", ir.Attrs{"sample_size": int64(n)},
			tensor.Of([]float32{float32(math.Log(1)), float32(math.Log(3))}, 1, 2)), 0.75},
	} {
		if got := mean(c.x); math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: mean %g, want about %g", c.name, got, c.want)
		}
	}
}
