package coreml_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/compress"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/fold"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/target/coreml"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// weighty has every operator whose weights may be packed: a table of words, a
// product of matrices, convolutions, one of them depthwise, and a layer of scores.
func weighty(t *testing.T) *ir.Graph {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	g := ir.New("net")
	weights := func(name string, shape ...int) *ir.Value {
		n := 1
		for _, d := range shape {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64()) / 8
		}
		return g.AddConst(name, tensor.Of(v, shape...))
	}
	node := func(op string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
		n := g.AddNode(op, fmt.Sprintf("%s%d", op, len(g.Nodes)), attrs, in, fmt.Sprintf("v%d", len(g.Nodes)))
		n.Origin = []string{n.Name}
		return n.Out(0)
	}
	words := g.AddInput("words", tensor.Int64, ir.Shape{ir.Static(1), ir.Static(16)})
	x := node("Gather", nil, weights("table", 50, 64), words)
	x = node("MatMul", nil, x, weights("square", 64, 64))
	x = node("Reshape", nil, x, g.AddConst("shape", tensor.Of([]int64{1, 64, 4, 4}, 4)))
	x = node("Conv", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, x, weights("w1", 32, 64, 3, 3), weights("b1", 32))
	x = node("Conv", ir.Attrs{"group": int64(32)}, x, weights("w2", 32, 1, 3, 3))
	x = node("ConvTranspose", nil, x, weights("w3", 32, 16, 2, 2))
	x = node("Flatten", nil, x)
	x = node("Gemm", ir.Attrs{"transB": int64(1)}, x, weights("w4", 10, 144), weights("b4", 10))
	g.Outputs = []*ir.Value{x}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPackedWeights(t *testing.T) {
	ctx, reg, dir := context.Background(), ops.Registry(), t.TempDir()
	rng := rand.New(rand.NewPCG(7, 8))
	words := make([]int64, 16)
	for i := range words {
		words[i] = rng.Int64N(50)
	}
	in := tensor.Of(words, 1, 16)
	plain := int64(0)
	paths := map[string]string{}
	for _, c := range []struct {
		weights, version, bits string
		want                   int    // specification
		op                     string // the operation that unpacks
		n                      int    // how often
		share                  float64
	}{
		{"precision", "auto", "4", 7, "constexpr", 0, 1},
		{"int8", "auto", "4", 7, "constexpr_affine_dequantize", 6, 0.28},
		{"int8", "9", "4", 9, "constexpr_blockwise_shift_scale", 6, 0.28},
		{"int4", "auto", "4", 9, "constexpr_blockwise_shift_scale", 6, 0.2},
		{"palette", "auto", "1", 7, "constexpr_lut_to_dense", 6, 0.06},
		{"palette", "auto", "2", 7, "constexpr_lut_to_dense", 6, 0.09},
		{"palette", "8", "4", 8, "constexpr_lut_to_dense", 6, 0.15},
		{"palette", "auto", "6", 7, "constexpr_lut_to_dense", 6, 0.22},
		{"palette", "auto", "8", 7, "constexpr_lut_to_dense", 6, 0.35},
		{"palette", "9", "1", 9, "constexpr_lut_to_dense", 6, 0.06},
		{"palette", "9", "2", 9, "constexpr_lut_to_dense", 6, 0.09},
		{"palette", "9", "4", 9, "constexpr_lut_to_dense", 6, 0.15},
		{"palette", "9", "6", 9, "constexpr_lut_to_dense", 6, 0.22},
		{"palette", "9", "8", 9, "constexpr_lut_to_dense", 6, 0.35},
	} {
		for _, precision := range []string{"fp32", "fp16"} {
			if precision == "fp16" && testing.Short() {
				continue
			}
			name := c.weights + c.bits + "_" + c.version + "_" + precision
			set := coreml.Defaults()
			set.Weights, set.Version, set.Bits, set.Block = c.weights, c.version, c.bits, 16
			g := weighty(t)
			if c.weights != "precision" {
				o := &compress.Options{Scheme: c.weights, Bits: set.PaletteBits(), Block: set.Block, Smallest: 256}
				if _, err := compress.Weights.Run1(ctx, g, reg, o, nil); err != nil {
					t.Fatal(err)
				}
			}
			want, err := testkit.Eval(reg, g, map[string]*tensor.Tensor{"words": in})
			if err != nil {
				t.Fatal(err)
			}
			if precision == "fp16" {
				o := float16.Defaults()
				o.Mode = "arithmetic"
				if _, err := float16.Pass.Run1(ctx, g, reg, o, nil); err != nil {
					t.Fatal(err)
				}
				if _, err := fold.Constants.Run1(ctx, g, reg, nil, nil); err != nil {
					t.Fatal(err)
				}
			}
			path, _, found, ok := convertWith(t, g, dir, target.Options{Name: name, Precision: precision, Registry: reg, Values: set.Values()})
			if !ok {
				t.Fatalf("%s: not written: %v", name, found)
			}
			paths[path] = name
			m := program(t, path)
			if m.Version != c.want || count(m, c.op) != c.n {
				t.Errorf("%s: specification %d, %d of %s", name, m.Version, count(m, c.op), c.op)
			}
			got, err := run(path, []*tensor.Tensor{in})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			tol := map[string]float64{"fp32": 1e-5, "fp16": 0.01}[precision]
			if d, _ := testkit.Difference(got[0], want[0]); !(d <= tol) {
				t.Errorf("%s: differs by %g of the range", name, d)
			}
			st, err := os.Stat(filepath.Join(path, mil.WeightsFile))
			if err != nil {
				t.Fatal(err)
			}
			if plain == 0 {
				plain = st.Size()
			}
			most := c.share
			if precision == "fp16" && c.n == 0 {
				most = 0.52
			}
			if s := float64(st.Size()) / float64(plain); s > most {
				t.Errorf("%s: %d bytes, %.3f of single precision", name, st.Size(), s)
			}
		}
	}
	var list []string
	for p := range paths {
		list = append(list, p)
	}
	for path, why := range rebuild(t, list) {
		t.Errorf("%s: coremltools: %s", paths[path], why)
	}
	t.Logf("coremltools rebuilt %d packages", len(list))
}

// TestVersionTooLow: what a version lacks is a finding, not another artefact.
func TestVersionTooLow(t *testing.T) {
	g := weighty(t)
	o := &compress.Options{Scheme: compress.Int4, Block: 16, Smallest: 256}
	if _, err := compress.Weights.Run1(context.Background(), g, ops.Registry(), o, nil); err != nil {
		t.Fatal(err)
	}
	set := coreml.Defaults()
	set.Version = "7"
	words := tensor.New(tensor.Int64, 1, 16)
	want, err := testkit.Eval(ops.Registry(), g, map[string]*tensor.Tensor{"words": words})
	if err != nil {
		t.Fatal(err)
	}
	path, _, found, ok := convertWith(t, g, t.TempDir(), target.Options{Name: "n", Precision: "fp32", Registry: ops.Registry(), Values: set.Values()})
	if !ok || program(t, path).Version != 7 {
		t.Fatalf("not written: %v", found)
	}
	if f := found[len(found)-1]; f.Code != "coreml.version" || len(f.Layers) != 5 {
		t.Errorf("found %v", f)
	}
	got, err := run(path, []*tensor.Tensor{words})
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := testkit.Difference(got[0], want[0]); !(d <= 1e-5) {
		t.Errorf("differs by %g of the range", d)
	}
}
