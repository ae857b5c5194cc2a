package tflite

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// holds writes the graph, whose input is x, and compares what LiteRT makes of it with
// the reference: within a step of the result's integers.
func (b *build) holds(x *tensor.Tensor, step float64) {
	b.t.Helper()
	for _, n := range b.g.Nodes {
		n.Origin = []string{n.Name}
	}
	if err := b.reg.InferGraph(b.g); err != nil {
		b.t.Fatal(err)
	}
	feeds := map[string]*tensor.Tensor{"x": x}
	want, err := testkit.Eval(b.reg, b.g, feeds)
	if err != nil {
		b.t.Fatal(err)
	}
	dir := b.t.TempDir()
	if _, err := (Target{}).Write(context.Background(), b.g, dir, target.Options{Name: "m"}); err != nil {
		b.t.Fatal(err)
	}
	r := testkit.Vendor(b.t, []testkit.Job{{Runtime: "litert", Model: filepath.Join(dir, "m.tflite"), Inputs: feeds}})[0]
	if r.Err != "" {
		b.t.Fatal(r.Err)
	}
	for _, got := range r.Outputs {
		g := got.Float64s()
		for i, w := range want[0].Float64s() {
			if math.Abs(g[i]-w) > 1.1*step {
				b.t.Errorf("element %d is %g, want %g", i, g[i], w)
			}
		}
	}
}

// TestInt8LogSoftmaxBelow has results below -16, as a program may quantize them
// that does not know the scale which the format prescribes.
func TestInt8LogSoftmaxBelow(t *testing.T) {
	testkit.Python(t)
	b := newBuild(t, "log")
	pair := func(v *ir.Value, scale float32, zero int8) *ir.Value {
		s, z := b.g.AddConst("s", tensor.Scalar(scale)), b.g.AddConst("z", tensor.Scalar(zero))
		return b.op("DequantizeLinear", nil, b.op("QuantizeLinear", nil, v, s, z), s, z)
	}
	const step = 0.125 // down to -31.875
	b.g.Outputs = one(pair(b.op("LogSoftmax", ir.Attrs{"axis": int64(-1)}, pair(b.in("x", 2, 8), 0.25, 0)), step, 127))
	x := tensor.New(tensor.Float32, 2, 8)
	for i := range 16 {
		tensor.View[float32](x)[i] = float32(i%8) * 4
	}
	b.holds(x, step)
}
