package onnx_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// layers builds a graph of one layer between integers.
type layers struct{ g *ir.Graph }

func (l *layers) add(op string, a ir.Attrs, in ...*ir.Value) *ir.Value {
	n := l.g.AddNode(op, "layer_"+op, a, in, op)
	n.Origin = []string{n.Name}
	return n.Outputs[0]
}

func (l *layers) floats(v ...float32) *ir.Value { return l.g.AddConst("f", tensor.Of(v, len(v))) }

func (l *layers) shape(v ...int64) *ir.Value { return l.g.AddConst("i", tensor.Of(v, len(v))) }

// quantize puts v on the grid of unsigned integers.
func (l *layers) quantize(v *ir.Value, step float32, zero uint8) *ir.Value {
	s, z := l.g.AddConst("step", tensor.Scalar(step)), l.g.AddConst("zero", tensor.Scalar(zero))
	return l.add("DequantizeLinear", nil, l.add("QuantizeLinear", nil, v, s, z), s, z)
}

// weights are integers, with a step for each of the channels along axis.
func (l *layers) weights(axis int64, steps []float32, shape ...int) *ir.Value {
	w := tensor.New(tensor.Int8, shape...)
	for i := range tensor.View[int8](w) {
		tensor.View[int8](w)[i] = int8(i*89%255 - 127)
	}
	zeros := l.g.AddConst("zeros", tensor.New(tensor.Int8, len(steps)))
	return l.add("DequantizeLinear", ir.Attrs{"axis": axis}, l.g.AddConst("w", w), l.floats(steps...), zeros)
}

// biases are 32-bit integers in steps of their own.
func (l *layers) biases(step float32, v ...int32) *ir.Value {
	return l.add("DequantizeLinear", nil, l.g.AddConst("b", tensor.Of(v, len(v))), l.g.AddConst("step", tensor.Scalar(step)))
}

// TestLayersWrongInIntegers has layers as other programs quantize them, of which ONNX
// Runtime gets many wrong where it computes them in integers.
func TestLayersWrongInIntegers(t *testing.T) {
	testkit.Python(t)
	dead := []float32{0.01, 1e-12, 0.005, 0.01} // a step for each channel; one is of a channel of zeros
	two := []int64{2, 2}
	cases := []struct {
		name    string
		shape   []int
		spread  float32 // of the data, in steps of 0.02
		step    float32 // of the result
		layer   func(l *layers, x *ir.Value) *ir.Value
		told    bool // that a layer is computed in floats
		changed bool
	}{
		{"Softmax of nearly equal numbers", []int{2, 64}, 3, 1.0 / 20000, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Softmax", nil, x)
		}, true, true},
		{"Softmax, moved", []int{2, 4, 16}, 3, 1.0 / 4000, func(l *layers, x *ir.Value) *ir.Value {
			x = l.add("Softmax", nil, l.add("Transpose", ir.Attrs{"perm": []int64{0, 2, 1}}, x))
			return l.add("Reshape", nil, x, l.shape(2, -1))
		}, true, true},
		{"Softmax with a Relu behind", []int{2, 16}, 3, 1.0 / 4000, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Relu", nil, l.add("Softmax", nil, x))
		}, true, true},
		{"Softmax of one number", []int{4, 1}, 200, 1.0 / 255, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Softmax", nil, x)
		}, true, true},
		{"Softmax", []int{2, 16}, 200, 1.0 / 255, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Softmax", nil, x)
		}, false, false},
		{"Softmax that is in floats already", []int{2, 64}, 3, 1.0 / 20000, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Softmax", nil, l.add("Add", nil, x, l.floats(0.01)))
		}, false, false},
		{"AveragePool rounding up, with padding", []int{1, 3, 5, 11}, 200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("AveragePool", ir.Attrs{"kernel_shape": []int64{3, 4}, "strides": two, "pads": []int64{0, 1, 1, 0}, "ceil_mode": int64(1), "count_include_pad": int64(1)}, x)
		}, true, true},
		{"AveragePool rounding up", []int{1, 3, 5, 10}, 200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("AveragePool", ir.Attrs{"kernel_shape": []int64{3, 3}, "strides": two, "ceil_mode": int64(1), "count_include_pad": int64(1)}, x)
		}, false, false},
		{"AveragePool with padding", []int{1, 3, 5, 10}, 200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("AveragePool", ir.Attrs{"kernel_shape": []int64{3, 3}, "strides": two, "pads": []int64{1, 1, 1, 1}, "count_include_pad": int64(1)}, x)
		}, false, false},
		{"GlobalAveragePool of one place", []int{1, 3, 1, 1}, 3, 0.00005, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("GlobalAveragePool", nil, x)
		}, true, true},
		{"GlobalAveragePool", []int{1, 3, 5, 5}, 200, 0.01, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("GlobalAveragePool", nil, x)
		}, false, false},
		{"Conv with a dead channel", []int{1, 8, 5, 5}, 200, 0.2, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Relu", nil, l.add("Conv", nil, x, l.weights(0, dead, 4, 8, 3, 3), l.floats(1, 4, -2, 3)))
		}, true, true},
		{"ConvTranspose with a dead channel", []int{1, 8, 5, 5}, 200, 0.2, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("ConvTranspose", nil, x, l.weights(1, dead, 8, 4, 2, 2), l.floats(1, 4, -2, 3))
		}, true, true},
		{"Gemm with a dead channel", []int{3, 8}, 200, 0.2, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Gemm", ir.Attrs{"transB": int64(1)}, x, l.weights(0, dead, 4, 8), l.floats(1, 4, -2, 3))
		}, true, true},
		{"Conv with biases", []int{1, 8, 5, 5}, 200, 0.2, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Conv", nil, x, l.weights(0, []float32{0.01, 0.005}, 2, 8, 3, 3), l.floats(1, 4))
		}, false, false},
		{"Gemm with biases in other steps", []int{3, 8}, 200, 0.2, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Gemm", ir.Attrs{"transB": int64(1)}, x, l.weights(0, []float32{0.01, 0.005}, 2, 8), l.biases(0.001, 1000, 4000))
		}, false, false},
		{"Conv with weights in floats", []int{1, 2, 5, 5}, 200, 0.002, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("Conv", ir.Attrs{"group": int64(2)}, x, l.g.AddConst("w", tensor.Of([]float32{0.011, 0.02, 0.033, 0.004, 1, -2, 3, -4}, 2, 1, 2, 2)))
		}, false, true},
		{"MaxPool of padded data", []int{1, 3, 6, 6}, -200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("MaxPool", ir.Attrs{"kernel_shape": []int64{3, 3}}, l.add("Pad", nil, x, l.shape(0, 0, 1, 1, 0, 0, 2, 2)))
		}, false, false},
		{"MaxPool of padded data that no number is below", []int{1, 3, 6, 6}, -200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("MaxPool", ir.Attrs{"kernel_shape": []int64{3, 3}}, l.add("Pad", nil, l.add("Relu", nil, x), l.shape(0, 0, 1, 1, 0, 0, 2, 2)))
		}, false, false},
		{"MaxPool of data that are padded by more than its window", []int{1, 3, 6, 6}, -200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("MaxPool", ir.Attrs{"kernel_shape": two}, l.add("Pad", nil, l.add("Relu", nil, x), l.shape(0, 0, 2, 1, 0, 0, 2, 2)))
		}, false, false},
		{"AveragePool of padded data, rounding up", []int{1, 3, 7, 5}, 200, 0.02, func(l *layers, x *ir.Value) *ir.Value {
			return l.add("AveragePool", ir.Attrs{"kernel_shape": []int64{3, 1}, "strides": []int64{3, 1}, "ceil_mode": int64(1)}, l.add("Pad", nil, x, l.shape(0, 0, 2, 0, 0, 0, 1, 0)))
		}, false, false},
	}
	reg := ops.Registry()
	var jobs []testkit.Job
	var want []*tensor.Tensor
	var names []string
	for _, kind := range []string{"", "If", "Loop"} {
		for i, c := range cases {
			l := &layers{ir.New("g")}
			x := l.g.AddInput("x", tensor.Float32, ir.Dims(c.shape...))
			l.g.Outputs = []*ir.Value{l.quantize(c.layer(l, l.quantize(x, 0.02, 128)), c.step, 100)}
			if err := reg.InferGraph(l.g); err != nil {
				t.Fatal(err)
			}
			in := tensor.New(tensor.Float32, c.shape...)
			for k := range tensor.View[float32](in) {
				at := float32(k*37%101)/100 - 0.5
				if c.spread < 0 {
					at = float32(k*37%101) / 200 // all below zero
				}
				tensor.View[float32](in)[k] = 0.02 * c.spread * at
			}
			g, feeds := l.g, map[string]*tensor.Tensor{"x": in}
			if kind != "" {
				g, feeds = testkit.Within(t, kind, g, reg), testkit.WithinFeeds(kind, feeds)
			}
			names, want = append(names, kind+" "+c.name), append(want, testkit.Compute(t, g, reg, feeds)[0])
			found, err := onnx.Target{}.Prepare(context.Background(), g, reg, target.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if told := slices.ContainsFunc(found, func(f *diag.Finding) bool { return f.Code == "onnx.float-layer" && len(f.Layers) > 0 }); told != c.told {
				t.Errorf("%s %s: findings %v", kind, c.name, found)
			}
			part := g
			if kind != "" {
				part = g.Nodes[0].Bodies()[0]
			}
			if changed := slices.ContainsFunc(part.Nodes, func(n *ir.Node) bool { return n.Op == "Max" }); changed != c.changed {
				t.Errorf("%s %s: changed %v", kind, c.name, changed)
			}
			dir := t.TempDir()
			a, err := onnx.Target{}.Write(context.Background(), g, dir, target.Options{Name: fmt.Sprint(i)})
			if err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, testkit.Job{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: feeds})
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		t.Run(names[i], func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			for _, got := range r.Outputs {
				if !slices.Equal(got.Shape(), want[i].Shape()) {
					t.Fatalf("shape %v, want %v", got.Shape(), want[i].Shape())
				}
				g := got.Float64s()
				for k, w := range want[i].Float64s() {
					if d := math.Abs(g[k]-w) / float64(cases[i%len(cases)].step); d > 1.01 {
						t.Fatalf("element %d is wrong by %.0f steps", k, d)
					}
				}
			}
		})
	}
}
