package ncnn

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func inputs(t *testing.T, g *ir.Graph, seed uint64, span float64) []*tensor.Tensor {
	t.Helper()
	var out []*tensor.Tensor
	for k, v := range g.Inputs {
		dims := full(v)
		x, err := ir.Noise(tensor.Float32, seed+uint64(k), dims...)
		if err != nil {
			t.Fatal(err)
		}
		f := x.Float64s()
		for j := range f {
			f[j] = math.Abs(f[j]) * span
		}
		y, err := tensor.FromFloat64s(v.DType, f, dims...)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, y)
	}
	return out
}

// convert takes a graph through the passes of a conversion and writes it.
func convert(t *testing.T, g *ir.Graph, precision, dir, name string) *target.Artefact {
	t.Helper()
	ctx, reg := context.Background(), ops.Registry()
	if _, err := float16.Widen.Run1(ctx, g, reg, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := passes.Simplify(ctx, g, reg, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if precision == "fp16" {
		if _, err := float16.Pass.Run1(ctx, g, reg, float16.Defaults(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if l := legalize.Run(ctx, g, reg, Target{}, target.Options{}); l.Err() != nil {
		t.Fatal(l)
	}
	if l, err := (Target{}).Prepare(ctx, g, reg, target.Options{}); err != nil {
		t.Fatal(l, err)
	}
	a, err := Target{}.Write(ctx, g, dir, target.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestZoo writes real models and compares ncnn's package on the artefact with
// onnxruntime on the source.
func TestZoo(t *testing.T) {
	python(t)
	zoo := testkit.Zoo(t)
	for _, c := range []struct {
		file, precision string
		span, tol       float64
	}{
		{"tiny/mnist.onnx", "fp32", 1, 1e-4},
		{"cifar/resnet20_cifar10.onnx", "fp32", 1, 1e-4},
		{"cifar/resnet20_cifar10.onnx", "fp16", 1, 5e-3},
		{"imagenet/efficientnet-lite0.onnx", "fp32", 1, 1e-4},
		{"imagenet/efficientnet-lite0.onnx", "fp16", 1, 1e-2},
		{"imagenet/squeezenet_fp16.onnx", "fp32", 100, 1e-2},
		{"torch/mobilenet_v3_small_raw.onnx", "fp32", 1, 1e-4},
		{"detect/yolox_nano_coco.onnx", "fp32", 255, 1e-4},
	} {
		t.Run(filepath.Base(c.file)+"/"+c.precision, func(t *testing.T) {
			path := filepath.Join(zoo, c.file)
			m, err := onnx.Source{}.Open(context.Background(), path, source.Options{Registry: ops.Registry()})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			in := inputs(t, m.Graph, 1, c.span)
			feeds := map[string]*tensor.Tensor{}
			for k, v := range m.Graph.Inputs {
				feeds[v.Name] = in[k]
			}
			dir := t.TempDir()
			convert(t, m.Graph, c.precision, dir, "net")
			want := testkit.Vendor(t, []testkit.Job{{Runtime: "onnxruntime", Model: path, Inputs: feeds}})[0]
			got := vendor(t, []job{{dir, "net", in, len(m.Graph.Outputs)}})[0]
			if want.Err+got.err != "" {
				t.Fatal(want.Err, got.err)
			}
			for k, v := range m.Graph.Outputs {
				d := differs(got.outputs[k], want.Outputs[v.Name].Float32s())
				t.Logf("%s: %.2g of the range", v.Name, d)
				if !(d <= c.tol) {
					t.Errorf("output %s differs by %g of its range", v.Name, d)
				}
			}
		})
	}
}
