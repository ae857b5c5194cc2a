package faults

import (
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestIntegers: what is wrong in integers is told, and nothing beside it. That the
// runtime does get it wrong, the target's tests show.
func TestIntegers(t *testing.T) {
	open := ir.Shape{ir.Static(1), ir.Symbol("n")}
	pool := func(ceil, count int64, pads ...int64) ir.Attrs {
		return ir.Attrs{"kernel_shape": []int64{3, 3}, "strides": []int64{2, 2}, "ceil_mode": ceil, "count_include_pad": count, "pads": pads}
	}
	for _, c := range []struct {
		name    string
		op      string
		attrs   ir.Attrs
		shape   ir.Shape
		in, out float64
		want    bool
	}{
		{"few steps", "Softmax", nil, ir.Dims(1, 2), 0.1, 1.0 / 256, false},
		{"many steps", "Softmax", nil, ir.Dims(1, 2), 0.1, 1.0 / 300, true},
		{"many steps, long rows", "Softmax", nil, ir.Dims(1, 64), 0.1, 1.0 / 300, false},
		{"rows of one", "Softmax", nil, ir.Dims(9, 1), 0.1, 1.0 / 255, true},
		{"along another axis", "Softmax", ir.Attrs{"axis": int64(0)}, ir.Dims(9, 1), 0.1, 1.0 / 255, false},
		{"open rows", "Softmax", nil, open, 0.1, 1.0 / 255, true},
		{"open rows, coarse", "Softmax", nil, open, 0.1, 1.0 / 128, false},
		{"over the edge", "AveragePool", pool(1, 1, 1, 1, 1, 1), ir.Dims(1, 3, 8, 8), 1, 1, true},
		{"up to the edge", "AveragePool", pool(1, 1, 1, 1, 1, 1), ir.Dims(1, 3, 7, 7), 1, 1, false},
		{"over the edge, not counted", "AveragePool", pool(1, 0, 1, 1, 1, 1), ir.Dims(1, 3, 8, 8), 1, 1, false},
		{"rounding down", "AveragePool", pool(0, 1, 1, 1, 1, 1), ir.Dims(1, 3, 8, 8), 1, 1, false},
		{"open edge", "AveragePool", pool(1, 1, 1, 1, 1, 1), ir.Shape{ir.Static(1), ir.Static(3), ir.Static(7), ir.Symbol("w")}, 1, 1, true},
		{"fine results", "GlobalAveragePool", nil, ir.Dims(1, 3, 1, 1), 1, 1.0 / 300, true},
		{"fine results of many places", "GlobalAveragePool", nil, ir.Dims(1, 3, 2, 2), 1, 1.0 / 300, false},
		{"another operator", "Sigmoid", nil, ir.Dims(1, 2), 1, 1e-6, false},
	} {
		g := ir.New("net")
		x := g.AddInput("x", tensor.Float32, c.shape)
		n := g.AddNode(c.op, "n", c.attrs, []*ir.Value{x}, "y")
		g.Outputs = n.Outputs
		if err := ops.Registry().InferGraph(g); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := Integers(n, c.in, c.out); (got != "") != c.want {
			t.Errorf("%s, %s: %q", c.op, c.name, got)
		}
	}
}

func TestBias(t *testing.T) {
	for _, c := range []struct {
		bias    []float32
		weights []float32
		want    bool
	}{
		{[]float32{1, -2}, []float32{0.01, 1e-6}, false},
		{[]float32{1, -2}, []float32{0.01, 1e-9}, true},
		{[]float32{1, 0}, []float32{0.01, 1e-9}, false},
		{[]float32{1, -200000}, []float32{0.01}, false},
		{[]float32{1, 0}, []float32{0.01, 0}, true},
	} {
		if got := Bias(c.bias, 0.02, c.weights); (got != "") != c.want {
			t.Errorf("%v of steps %v: %q", c.bias, c.weights, got)
		}
	}
}
