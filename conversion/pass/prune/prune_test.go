package prune

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

func noise(seed uint64, scale float32, shape ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	t := tensor.New(tensor.Float32, shape...)
	for i := range tensor.View[float32](t) {
		tensor.View[float32](t)[i] = float32(r.NormFloat64()) * scale
	}
	return t
}

// model is two convolutions, the second with ten times larger weights, and a
// matrix product that shares its weights with another.
func model(t *testing.T) *ir.Graph {
	t.Helper()
	g := ir.New("m")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 8, 6, 6))
	add := func(op, name string, in ...*ir.Value) *ir.Value {
		n := g.AddNode(op, name, nil, in, name+"_y")
		n.Origin = []string{name}
		return n.Outputs[0]
	}
	y := add("Conv", "small", x, g.AddConst("w1", noise(1, 0.1, 16, 8, 3, 3)))
	y = add("Conv", "large", y, g.AddConst("w2", noise(2, 1, 8, 16, 1, 1)))
	w3 := g.AddConst("w3", noise(3, 1, 4, 4))
	y = add("MatMul", "first", add("MatMul", "second", y, w3), w3)
	g.Outputs = []*ir.Value{y}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func run(t *testing.T, p *pass.Pass, g *ir.Graph, o any) (pass.Report, diag.List, error) {
	t.Helper()
	var found diag.List
	r, err := p.Run1(context.Background(), g, ops.Registry(), o, &found)
	return r, found, err
}

func zeros(g *ir.Graph) map[string]int {
	m := map[string]int{}
	for _, n := range g.Nodes {
		k := 0
		for _, x := range n.In(1).Const.Float32s() {
			if x == 0 {
				k++
			}
		}
		m[n.Name] = k
	}
	return m
}

func TestMagnitude(t *testing.T) {
	const n1, n2, n3 = 16 * 8 * 9, 16 * 8, 16
	for _, c := range []struct {
		name  string
		o     Options
		check func(z map[string]int) bool
	}{
		{"each layer to its ratio", Options{Ratio: 0.25, Scope: "layer"}, func(z map[string]int) bool {
			return z["small"] == n1/4 && z["large"] == n2/4 && z["first"] == n3/4
		}},
		{"one threshold takes the small layer first", Options{Ratio: 0.5, Scope: "global"}, func(z map[string]int) bool {
			return z["small"]+z["large"]+z["first"] == (n1+n2+n3)/2 && z["large"] < n2/8
		}},
		{"a layer's own ratio", Options{Ratio: 0, Scope: "global", Layers: map[string]float64{"large": 0.5}}, func(z map[string]int) bool {
			return z["small"] == 0 && z["large"] == n2/2
		}},
		{"nothing", Options{Scope: "global"}, func(z map[string]int) bool { return z["small"]+z["large"] == 0 }},
	} {
		g := model(t)
		_, found, err := run(t, Magnitude, g, &c.o)
		if err != nil {
			t.Fatal(err)
		}
		if z := zeros(g); !c.check(z) {
			t.Errorf("%s: zeros are %v", c.name, z)
		}
		if len(found) != 1 || found[0].Code != "prune.sparsity" {
			t.Errorf("%s: findings are %v", c.name, found)
		}
		if g.Nodes[2].In(1) != g.Nodes[3].In(1) {
			t.Errorf("%s: shared weights were split", c.name)
		}
	}
	if _, _, err := run(t, Magnitude, model(t), &Options{Layers: map[string]float64{"nowhere": 0.5}}); err == nil {
		t.Error("a ratio for an unknown layer was accepted")
	}
}

func TestCutIsExactAndTakesTheSmallest(t *testing.T) {
	for _, w := range []*tensor.Tensor{noise(5, 1, 1000), tensor.New(tensor.Float32, 1000), tensor.Of(slices.Repeat([]float32{1, -1}, 500), 1000)} {
		for _, ratio := range []float64{0, 0.001, 0.333, 0.5, 0.99} {
			l := &layer{v: ir.New("g").AddConst("w", w)}
			out, z, _ := cutOf([]*layer{l}, ratio).apply(w)
			if want := int(ratio*1000 + 1e-9); z < want || w.Float32s()[0] != 0 && z != want {
				t.Errorf("ratio %g of %v: %d zeros", ratio, w, z)
			}
			var kept, gone []float64
			for i, x := range out.Float32s() {
				if x != 0 {
					kept = append(kept, math.Abs(float64(x)))
				} else {
					gone = append(gone, math.Abs(float64(w.Float32s()[i])))
				}
			}
			if len(kept) > 0 && len(gone) > 0 && slices.Max(gone) > slices.Min(kept) {
				t.Errorf("ratio %g: %g went and %g stayed", ratio, slices.Max(gone), slices.Min(kept))
			}
		}
	}
}

func TestTwoOfFour(t *testing.T) {
	g := model(t)
	w := g.Nodes[0].In(1).Const.Float32s()
	rep, found, err := run(t, Structured, g, &NofM{Keep: 2, Group: 4, KeepLayers: []string{"large"}})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Fired != 2 || len(found) != 1 {
		t.Errorf("fired %d times with %v", rep.Fired, found)
	}
	got := g.Nodes[0].In(1).Const.Float32s()
	for o := range 16 {
		for i := 0; i < 8; i += 4 {
			for k := range 9 {
				var before, after []float64
				for j := range 4 {
					at := (o*8+i+j)*9 + k
					before = append(before, math.Abs(float64(w[at])))
					if got[at] != 0 {
						after = append(after, math.Abs(float64(got[at])))
					}
				}
				slices.Sort(before)
				slices.Sort(after)
				if fmt.Sprint(after) != fmt.Sprint(before[2:]) {
					t.Fatalf("group %d,%d,%d kept %v of %v", o, i, k, after, before)
				}
			}
		}
	}
	if z := zeros(g); z["large"] != 0 || z["first"] != 8 {
		t.Errorf("zeros are %v", z)
	}
}
