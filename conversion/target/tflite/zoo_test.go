package tflite

import (
	"context"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/legalize"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/testkit"
)

// openModel reads a model and simplifies it for this target.
func openModel(t *testing.T, path string) (*ir.Graph, func()) {
	t.Helper()
	ctx, reg := context.Background(), all.Registry()
	m, err := onnx.Source{}.Open(ctx, path, source.Options{Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	var findings diag.List
	if _, err := passes.Simplify(ctx, m.Graph, reg, nil, nil, nil, &findings); err != nil {
		t.Fatal(err)
	}
	if _, err := float16.Widen.Run1(ctx, m.Graph, reg, nil, &findings); err != nil {
		t.Fatal(err)
	}
	if err := legalize.Run(ctx, m.Graph, reg, Target{}, target.Options{}).Err(); err != nil {
		t.Fatal(err)
	}
	return m.Graph, func() { m.Close() }
}

// TestZoo writes real models and compares the vendor's package on the artefact
// with onnxruntime's on the source. transposes is how many axis changes plain
// networks may hold.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	for _, c := range []struct {
		file       string
		span       float64
		tol        float64
		transposes int
	}{
		{"imagenet/efficientnet-lite0.onnx", 1, 1e-4, 1},
		{"imagenet/squeezenet_fp16.onnx", 100, 1e-2, 1},
		{"cifar/resnet20_cifar10.onnx", 1, 1e-4, 1},
		{"tiny/mnist.onnx", 1, 1e-4, 0},
		{"detect/yolox_nano_coco.onnx", 255, 1e-4, 1},
		{"torch/mobilenet_v3_small_raw.onnx", 1, 1e-4, 1},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			path := filepath.Join(zoo, c.file)
			g, done := openModel(t, path)
			defer done()
			w := newWriter(g, target.Options{})
			if err := w.build(context.Background()); err != nil {
				t.Fatal(err)
			}
			n, codes := 0, map[string]int{}
			for _, o := range w.m.Operators {
				codes[o.Code.String()]++
				if o.Code == fb.Transpose {
					n++
				}
			}
			t.Log(codes)
			if n != c.transposes {
				t.Errorf("%d transposes, want %d: %v", n, c.transposes, w.findings)
			}
			dir := t.TempDir()
			a, err := Target{}.Write(context.Background(), g, dir, target.Options{Name: "m"})
			if err != nil {
				t.Fatal(err)
			}
			in := randomInputs(t, g, 0, c.span, 1)
			file := filepath.Join(dir, a.Files[0])
			r := testkit.Vendor(t, []testkit.Job{
				{Runtime: "onnxruntime", Model: path, Inputs: in},
				{Runtime: "litert", Model: file, Inputs: in},
				{Runtime: "litert", Model: file, Inputs: in, Reference: true},
			})
			if r[0].Err+r[1].Err+r[2].Err != "" {
				t.Fatal(r[0].Err, r[1].Err, r[2].Err)
			}
			for _, v := range g.Outputs {
				for i := 1; i < 3; i++ {
					d, _ := testkit.Difference(r[i].Outputs[v.Name], r[0].Outputs[v.Name])
					t.Logf("%s: %g of the range", v.Name, d)
					if !(d <= c.tol) {
						t.Errorf("output %s differs by %g of its range", v.Name, d)
					}
				}
			}
		})
	}
}
