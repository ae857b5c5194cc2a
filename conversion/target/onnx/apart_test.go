package onnx_test

import (
	"context"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestPadApart: ONNX Runtime computes a MaxPool of negative numbers with a border of
// zeros as the file says, also where the border is made with channels last.
func TestPadApart(t *testing.T) {
	reg := ops.Registry()
	pool := ir.Attrs{"kernel_shape": []int64{3, 3}, "strides": []int64{2, 2}}
	cases := map[string]func(l *layers, x *ir.Value) *ir.Value{
		"channels first": func(l *layers, x *ir.Value) *ir.Value {
			return l.add("MaxPool", pool, l.add("Pad", nil, x, l.shape(0, 0, 1, 1, 0, 0, 1, 1)))
		},
		"channels last": func(l *layers, x *ir.Value) *ir.Value {
			last := l.add("Pad", nil, l.add("Transpose", ir.Attrs{"perm": []int64{0, 2, 3, 1}}, x), l.shape(0, 1, 1, 0, 0, 1, 1, 0))
			return l.add("MaxPool", pool, l.add("Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, last))
		},
	}
	for name, layer := range cases {
		t.Run(name, func(t *testing.T) {
			l := &layers{ir.New("g")}
			x := l.g.AddInput("x", tensor.Float32, ir.Dims(1, 2, 7, 7))
			below := l.add("Sub", nil, l.add("Neg", nil, l.add("Abs", nil, x)), l.floats(1))
			l.g.Outputs = []*ir.Value{layer(l, below)}
			if err := reg.InferGraph(l.g); err != nil {
				t.Fatal(err)
			}
			in, err := ir.Noise(tensor.Float32, 3, 1, 2, 7, 7)
			if err != nil {
				t.Fatal(err)
			}
			feeds := map[string]*tensor.Tensor{"x": in}
			dir := t.TempDir()
			a, err := onnx.Target{}.Write(context.Background(), l.g, dir, target.Options{Name: "apart"})
			if err != nil {
				t.Fatal(err)
			}
			got := testkit.Vendor(t, []testkit.Job{{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: feeds}})[0]
			if got.Err != "" {
				t.Fatal(got.Err)
			}
			want := testkit.Compute(t, l.g, reg, feeds)[0]
			for _, y := range got.Outputs {
				if !testkit.Near(y, want, 1e-6) {
					t.Errorf("gives %v, want %v", y, want)
				}
			}
		})
	}
}
