package openvino

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// randomInputs fills the graph's inputs with values in [0,span).
func randomInputs(t *testing.T, g *ir.Graph, span float64) map[string]*tensor.Tensor {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	in := map[string]*tensor.Tensor{}
	for _, v := range g.Inputs {
		shape := make([]int, len(v.Shape))
		n := 1
		for i, d := range v.Shape {
			x, ok := d.Int()
			if !ok {
				x = 1
			}
			shape[i], n = int(x), n*int(x)
		}
		vals := make([]float64, n)
		for i := range vals {
			vals[i] = rng.Float64() * span
		}
		x, err := tensor.FromFloat64s(v.DType, vals, shape...)
		if err != nil {
			t.Fatal(err)
		}
		in[v.Name] = x
	}
	return in
}

// TestZoo writes real models and compares OpenVINO's package on the artefact
// with onnxruntime's on the source.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	for _, c := range []struct {
		file string
		span float64
		tol  float64
	}{
		{"imagenet/efficientnet-lite0.onnx", 1, 1e-4},
		{"imagenet/squeezenet_fp16.onnx", 100, 1e-2},
		{"cifar/resnet20_cifar10.onnx", 1, 1e-4},
		{"tiny/mnist.onnx", 1, 1e-4},
		{"detect/yolox_nano_coco.onnx", 255, 1e-4},
		{"torch/mobilenet_v3_small_raw.onnx", 1, 1e-4},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			ctx, reg := context.Background(), all.Registry()
			path := filepath.Join(zoo, c.file)
			m, err := onnx.Source{}.Open(ctx, path, source.Options{Registry: reg})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if err := legalize.Run(ctx, m.Graph, reg, Target{}, target.Options{}).Err(); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			a, err := Target{}.Write(ctx, m.Graph, dir, target.Options{Name: "m"})
			if err != nil {
				t.Fatal(err)
			}
			in := randomInputs(t, m.Graph, c.span)
			r := testkit.Vendor(t, []testkit.Job{
				{Runtime: "onnxruntime", Model: path, Inputs: in},
				{Runtime: "openvino", Model: filepath.Join(dir, a.Files[0]), Inputs: in},
			})
			if r[0].Err+r[1].Err != "" {
				t.Fatal(r[0].Err, r[1].Err)
			}
			for _, v := range m.Graph.Outputs {
				d, _ := testkit.Difference(r[1].Outputs[v.Name], r[0].Outputs[v.Name])
				t.Logf("%s: %g of the range", v.Name, d)
				if !(d <= c.tol) {
					t.Errorf("output %s differs by %g of its range", v.Name, d)
				}
			}
		})
	}
}
