package quantize

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	onnxtarget "slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestSoftmaxOfNearlyEqualNumbers: ONNX Runtime computes a quantized Softmax over
// numbers that are nearly equal as its own unoptimised graph does.
func TestSoftmaxOfNearlyEqualNumbers(t *testing.T) {
	constant := func(b *builder, name string, seed uint64, scale float32, shape ...int) *ir.Value {
		return b.g.AddConst(name, noise(seed, scale, shape...))
	}
	for name, build := range map[string]func(b *builder, x *ir.Value) *ir.Value{
		"attention with a mask": func(b *builder, x *ir.Value) *ir.Value {
			x = b.add("Reshape", "rows", nil, x, b.g.AddConst("to", tensor.Of([]int64{1, 2, 8, 16}, 4)))
			k := b.add("MatMul", "key", nil, x, constant(b, "wk", 2, 0.3, 16, 16))
			w := b.add("MatMul", "pairs", nil, x, b.add("Transpose", "turn", ir.Attrs{"perm": []int64{0, 1, 3, 2}}, k))
			w = b.add("Add", "mask", nil, w, constant(b, "m", 3, 0.1, 1, 2, 8, 8))
			w = b.add("Softmax", "weights", nil, b.add("Reshape", "heads", nil, w, b.g.AddConst("to2", tensor.Of([]int64{1, 2, 8, 8}, 4))))
			return b.add("MatMul", "mix", nil, w, x)
		},
		"distribution of a detector": func(b *builder, x *ir.Value) *ir.Value {
			y := b.add("Reshape", "bins", nil, b.conv("conv", x, 16), b.g.AddConst("to", tensor.Of([]int64{1, 16, 8, 8}, 4)))
			return b.conv("places", b.add("Softmax", "share", ir.Attrs{"axis": int64(1)}, y), 4)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &builder{t, ir.New("g")}
			x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8, 8))
			b.g.Outputs = []*ir.Value{build(b, x)}
			o := Defaults(ONNXRuntime)
			o.Method = "minmax"
			var quiet []*tensor.Tensor
			for i := range 8 {
				quiet = append(quiet, noise(uint64(i), 0.02, 1, 4, 8, 8))
			}
			staticOn(t, b.g, o, quiet)
			for _, n := range b.g.Nodes {
				if n.Op == "QuantizeLinear" && n.In(0).Node() != nil && n.In(0).Node().Op == "Softmax" {
					if step, _ := n.In(1).ConstScalar(); (step < 1.0/300) != (name == "attention with a mask") {
						t.Errorf("steps of %g", step)
					}
				}
			}
			dir := t.TempDir()
			a, err := onnxtarget.Target{}.Write(context.Background(), b.g, dir, target.Options{Name: "q", Registry: ops.Registry()})
			if err != nil {
				t.Fatal(err)
			}
			in := map[string]*tensor.Tensor{"x": quiet[0]}
			var got [2][]float64
			for i, r := range testkit.Vendor(t, []testkit.Job{
				{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: in, Plain: true},
				{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: in},
			}) {
				if r.Err != "" {
					t.Fatal(r.Err)
				}
				got[i] = r.Outputs[b.g.Outputs[0].Name].Float64s()
			}
			var all ratio
			for i, want := range got[0] {
				d := got[1][i] - want
				all.signal, all.noise = all.signal+want*want, all.noise+d*d
			}
			if dB := all.dB(); dB < 30 || math.IsNaN(dB) {
				t.Errorf("%.1f dB between the optimised graph and the plain one", dB)
			}
		})
	}
}
