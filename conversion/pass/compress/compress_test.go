package compress

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// network is Conv(3→40→48, 3x3, depthwise) and a Gemm, with random weights.
func network(t *testing.T) *ir.Graph {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	g := ir.New("net")
	weights := func(name string, shape ...int) *ir.Value {
		n := 1
		for _, d := range shape {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return g.AddConst(name, tensor.Of(v, shape...))
	}
	x := g.AddInput("x", tensor.Float32, ir.Shape{ir.Static(1), ir.Static(40), ir.Static(4), ir.Static(4)})
	a := g.AddNode("Conv", "conv", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, []*ir.Value{x, weights("w1", 48, 40, 3, 3)}, "a")
	b := g.AddNode("Conv", "depthwise", ir.Attrs{"group": int64(48)}, []*ir.Value{a.Out(0), weights("w2", 48, 1, 3, 3)}, "b")
	c := g.AddNode("Flatten", "flat", nil, []*ir.Value{b.Out(0)}, "c")
	d := g.AddNode("Gemm", "gemm", ir.Attrs{"transB": int64(1)}, []*ir.Value{c.Out(0), weights("w3", 10, 192)}, "d")
	g.Outputs = []*ir.Value{d.Out(0)}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestSchemes(t *testing.T) {
	for _, c := range []struct {
		o     Options
		least float64 // dB that the weights of a normal distribution keep
		bytes int     // of w1: 17280 elements
	}{
		{Options{Scheme: Int8}, 38, 17280 + 4*48},
		{Options{Scheme: Int4, Block: 32}, 17, 17280/2 + 4*48*2*9},
		{Options{Scheme: Palette, Bits: 1}, 4.3, 17280/8 + 4*2},
		{Options{Scheme: Palette, Bits: 2}, 9.2, 17280/4 + 4*4},
		{Options{Scheme: Palette, Bits: 4}, 20, 17280/2 + 4*16},
		{Options{Scheme: Palette, Bits: 6}, 31, 17280*6/8 + 4*64},
		{Options{Scheme: Palette, Bits: 8}, 42, 17280 + 4*256},
	} {
		g := network(t)
		c.o.Smallest, c.o.KeepFloat = 400, []string{"gemm"}
		var found diag.List
		before := g.Nodes[0].In(1).Const
		rep, err := Weights.Run1(context.Background(), g, ops.Registry(), &c.o, &found)
		if err != nil {
			t.Fatal(err)
		}
		if rep.Fired != 2 || len(rep.Missed) != 1 || rep.Missed[0].Why != "asked for" {
			t.Errorf("%v: fired %d, missed %v", c.o, rep.Fired, rep.Missed)
		}
		var conv *ir.Node
		for _, n := range g.Nodes {
			if n.Name == "conv" {
				conv = n
			}
		}
		got, bytes := conv.In(1).Const, 0
		if n := conv.In(1).Node(); n != nil {
			out, err := ops.Registry().EvalNode(n, []*tensor.Tensor{n.In(0).Const, n.In(1).Const})
			if err != nil {
				t.Fatal(err)
			}
			got, bytes = out[0], n.In(0).Const.Size()+n.In(1).Const.Size()
		} else {
			different := map[float32]bool{}
			for _, v := range got.Float32s() {
				different[v] = true
			}
			bytes = 17280*c.o.Bits/8 + 4*len(different)
			if len(different) > 1<<c.o.Bits {
				t.Errorf("%d bits: %d values", c.o.Bits, len(different))
			}
		}
		if bytes != c.bytes {
			t.Errorf("%+v: %d bytes, want %d", c.o, bytes, c.bytes)
		}
		var signal, noise float64
		for i, w := range before.Float32s() {
			d := float64(got.Float32s()[i] - w)
			signal, noise = signal+float64(w)*float64(w), noise+d*d
		}
		if db := sqnr(signal, noise); !(db >= c.least) || db > c.least+6 {
			t.Errorf("%+v: %.1f dB, want %.1f", c.o, db, c.least)
		}
		if f := found[0]; f.Code != "compress.weights" || !strings.Contains(f.Text, "2 layers") {
			t.Errorf("found %v", f)
		}
		if eight := len(found) > 1 && found[1].Code == "compress.eight-bits" && found[1].Layers[0] == "depthwise"; eight != (c.o.Scheme == Int4) {
			t.Errorf("%+v: found %v", c.o, found)
		}
	}
}

// TestPaletteIsBest compares with all ways to split few numbers.
func TestPaletteIsBest(t *testing.T) {
	x := []float32{-3, -2.9, -1, 0, 0.1, 0.15, 2, 2.2, 7}
	table, out := quantizePalette(x, 2)
	if len(table) != 4 {
		t.Fatalf("table %v", table)
	}
	errorOf := func(v []float32) (e float64) {
		for i := range x {
			d := float64(x[i] - v[i])
			e += d * d
		}
		return e
	}
	least := math.Inf(1)
	for a := 1; a < 7; a++ {
		for b := a + 1; b < 8; b++ {
			for c := b + 1; c < 9; c++ {
				v := make([]float32, len(x))
				for _, r := range [][2]int{{0, a}, {a, b}, {b, c}, {c, 9}} {
					var sum float32
					for _, y := range x[r[0]:r[1]] {
						sum += y
					}
					for i := r[0]; i < r[1]; i++ {
						v[i] = sum / float32(r[1]-r[0])
					}
				}
				least = min(least, errorOf(v))
			}
		}
	}
	if e := errorOf(out); math.Abs(e-least) > 1e-6 {
		t.Errorf("squared error %g, the best is %g (%v)", e, least, table)
	}
	again, _ := quantizePalette(x, 2)
	for i := range table {
		if table[i] != again[i] {
			t.Error("another table the second time")
		}
	}
	if one, y := quantizePalette([]float32{5, 5, 5}, 4); len(one) != 1 || y[2] != 5 {
		t.Errorf("equal numbers give %v %v", one, y)
	}
}
