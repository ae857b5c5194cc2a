package ncnn

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/conversion/testkit/reference"
)

func decibels(got, want []float32) float64 {
	signal, noise := 0.0, 1e-30
	for k := range want {
		d := float64(got[k]) - float64(want[k])
		signal, noise = signal+float64(want[k])*float64(want[k]), noise+d*d
	}
	return 10 * math.Log10(signal/noise)
}

// TestInt8 quantizes real models and holds ncnn's package against both the float
// model and the quantized graph's own arithmetic.
func TestInt8(t *testing.T) {
	python(t)
	zoo, ctx, reg := testkit.Zoo(t), context.Background(), ops.Registry()
	for _, c := range []struct {
		file         string
		source, plan float64 // dB
	}{
		{"tiny/mnist.onnx", 25, 40},
		{"cifar/resnet20_cifar10.onnx", 18, 22},
		{"imagenet/efficientnet-lite0.onnx", 8, 15},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			m, err := onnx.Source{}.Open(ctx, filepath.Join(zoo, c.file), source.Options{Registry: reg})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			g := m.Graph
			for _, v := range g.Inputs {
				v.Shape[0] = ir.Static(1)
			}
			if err := reg.InferGraph(g); err != nil {
				t.Fatal(err)
			}
			if _, err := passes.Simplify(ctx, g, reg, nil, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			in := inputs(t, g, 1, 1)
			float, err := reference.Run(reg, g, in)
			if err != nil {
				t.Fatal(err)
			}
			o := quantize.Defaults(quantize.NCNN)
			o.Stats, err = quantize.Calibrate(ctx, g, reg, o, reference.Runner{Registry: reg}, func(yield func([]*tensor.Tensor, error) bool) { yield(in, nil) }, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := quantize.Static.Run1(ctx, g, reg, o, nil); err != nil {
				t.Fatal(err)
			}
			planned, err := reference.Run(reg, g, in)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			convert(t, g, "int8", dir, "net")
			text, err := os.ReadFile(filepath.Join(dir, "net.param"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), " 8=2") || strings.Contains(string(text), "Quantize") {
				t.Error("the layers do not compute in integers")
			}
			got := vendor(t, []job{{dir, "net", in, len(g.Outputs)}})[0]
			if got.err != "" {
				t.Fatal(got.err)
			}
			a, b := decibels(got.outputs[0], float[0].Float32s()), decibels(got.outputs[0], planned[0].Float32s())
			t.Logf("%.1f dB to the source (the plan's own: %.1f), %.1f dB to the plan", a, decibels(planned[0].Float32s(), float[0].Float32s()), b)
			if !(a >= c.source) || !(b >= c.plan) {
				t.Errorf("%.1f dB to the source, %.1f dB to the plan; want %v and %v", a, b, c.source, c.plan)
			}
		})
	}
}
