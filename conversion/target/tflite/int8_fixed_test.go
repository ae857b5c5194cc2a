package tflite

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestInt8Prescribed has layers as other programs quantize them, whose results the
// format's integers do not hold as finely, or not at all.
func TestInt8Prescribed(t *testing.T) {
	testkit.Python(t)
	layer := func(op string) func(*build, *ir.Value) *ir.Value {
		return func(b *build, x *ir.Value) *ir.Value { return b.op(op, ir.Attrs{}, x) }
	}
	pad := func(value float32) func(*build, *ir.Value) *ir.Value {
		return func(b *build, x *ir.Value) *ir.Value {
			return b.op("Pad", nil, x, b.ints(0, 0, 0, 2), b.g.AddConst("fill", tensor.Scalar(value)))
		}
	}
	cases := []struct {
		name     string
		in, step float32
		zero     int8
		layer    func(*build, *ir.Value) *ir.Value
		float    bool
		limit    float64 // in steps; where integers are prescribed, others lie between
	}{
		{"Softmax of nearly equal numbers", 0.002, 1.0 / 10000, -128, layer("Softmax"), true, 1.01},
		{"Softmax", 0.1, 1.0 / 256, -128, layer("Softmax"), false, 2.01},
		{"Softmax, as others quantize it", 0.1, 1.0 / 300, -128, layer("Softmax"), false, 2.01},
		{"LogSoftmax", 0.05, 1.0 / 16, 127, layer("LogSoftmax"), false, 2.01},
		{"LogSoftmax of nearly equal numbers", 0.002, 1.0 / 40, 127, layer("LogSoftmax"), true, 1.01},
		{"Tanh of small numbers", 0.002, 1.0 / 600, 0, layer("Tanh"), true, 1.01},
		{"Tanh", 0.02, 1.0 / 128, 0, layer("Tanh"), false, 2.01},
		{"Sigmoid of large numbers below zero", 0.04, 1.0 / 2000, -128, func(b *build, x *ir.Value) *ir.Value {
			return b.op("Sigmoid", nil, x)
		}, true, 1.01},
		{"Sigmoid", 0.04, 1.0 / 256, -128, layer("Sigmoid"), false, 2.01},
		{"HardSwish of fine results", 0.02, 0.0001, 0, layer("HardSwish"), true, 1.01},
		{"HardSwish", 0.02, 0.02, -100, layer("HardSwish"), false, 2.01},
		{"Pad with what the integers do not hold", 0.02, 0.08, 0, pad(7), true, 1.01},
		{"Pad with what lies between two integers", 0.02, 0.02, 0, pad(0.279), false, 0.51},
	}
	var jobs []testkit.Job
	var want []*tensor.Tensor
	for _, c := range cases {
		b := newBuild(t, "layer")
		pair := func(v *ir.Value, scale float32, zero int8) *ir.Value {
			s, z := b.g.AddConst("s", tensor.Scalar(scale)), b.g.AddConst("z", tensor.Scalar(zero))
			return b.op("DequantizeLinear", nil, b.op("QuantizeLinear", nil, v, s, z), s, z)
		}
		b.g.Outputs = one(pair(c.layer(b, pair(b.in("x", 2, 64), c.in, 5)), c.step, c.zero))
		for _, n := range b.g.Nodes {
			n.Origin = []string{n.Name}
		}
		if err := b.reg.InferGraph(b.g); err != nil {
			t.Fatal(err)
		}
		x := tensor.New(tensor.Float32, 2, 64)
		for i := range tensor.View[float32](x) {
			tensor.View[float32](x)[i] = c.in * float32(i*37%251-130)
		}
		feeds := map[string]*tensor.Tensor{"x": x}
		out, err := testkit.Eval(b.reg, b.g, feeds)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		a, err := (Target{}).Write(context.Background(), b.g, dir, target.Options{Name: "m"})
		if err != nil {
			t.Fatal(err)
		}
		if told := slices.ContainsFunc(a.Findings, func(f *diag.Finding) bool { return f.Code == "tflite.float-island" }); told != c.float {
			t.Errorf("%s: findings %v", c.name, a.Findings)
		}
		jobs = append(jobs, testkit.Job{Runtime: "litert", Model: filepath.Join(dir, "m.tflite"), Inputs: feeds})
		want = append(want, out[0])
	}
	for i, r := range testkit.Vendor(t, jobs) {
		t.Run(cases[i].name, func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			for _, got := range r.Outputs {
				g := got.Float64s()
				for k, w := range want[i].Float64s() {
					if d := math.Abs(g[k]-w) / float64(cases[i].step); d > cases[i].limit {
						t.Fatalf("element %d is wrong by %.1f steps", k, d)
					}
				}
			}
		})
	}
}
