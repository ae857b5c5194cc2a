package coreml_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// randomInputs fills the graph's inputs with values in [0,span).
func randomInputs(t *testing.T, g *ir.Graph, span float64) []*tensor.Tensor {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var in []*tensor.Tensor
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
			switch {
			case !v.DType.IsInt():
				vals[i] = rng.Float64() * span
			case strings.Contains(v.Name, "mask"): // a text that fills three quarters of its room
				vals[i] = float64(min(1, (n-i)*4/n))
			default: // places in a vocabulary
				vals[i] = float64(rng.IntN(1000))
			}
		}
		x, err := tensor.FromFloat64s(v.DType, vals, shape...)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, x)
	}
	return in
}

// TestZoo writes real models in each precision, reads them back and compares
// with the source; coremltools rebuilds each.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	ctx, reg, dir := context.Background(), ops.Registry(), t.TempDir()
	var paths []string
	for _, c := range []struct {
		file string
		span float64
	}{
		{"imagenet/efficientnet-lite0.onnx", 1},
		{"imagenet/squeezenet_fp16.onnx", 100},
		{"cifar/resnet20_cifar10.onnx", 1},
		{"tiny/mnist.onnx", 1},
		{"detect/yolox_nano_coco.onnx", 255},
		{"torch/mobilenet_v3_small_raw.onnx", 1},
	} {
		for _, p := range []struct {
			precision string
			tol       float64
		}{{"fp32", 1e-4}, {"fp16", 0.05}, {"int8", 0.3}} {
			t.Run(filepath.Base(c.file)+"/"+p.precision, func(t *testing.T) {
				m, err := onnx.Source{}.Open(ctx, filepath.Join(zoo, c.file), source.Options{Registry: reg})
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				in := randomInputs(t, m.Graph, c.span)
				args := map[string]*tensor.Tensor{}
				for i, v := range m.Graph.Inputs {
					args[v.Name] = in[i]
				}
				want, err := testkit.Eval(reg, m.Graph, args)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := passall.Simplify(ctx, m.Graph, reg, nil, nil, nil, nil); err != nil {
					t.Fatal(err)
				}
				switch p.precision {
				case "fp16":
					o := float16.Defaults()
					o.Mode = "arithmetic"
					if _, err := float16.Pass.Run1(ctx, m.Graph, reg, o, nil); err != nil {
						t.Fatal(err)
					}
				case "int8":
					if _, err := quantize.WeightOnly.Run1(ctx, m.Graph, reg, nil, nil); err != nil {
						t.Fatal(err)
					}
				}
				path, _, ok := convert(t, m.Graph, dir, filepath.Base(c.file)+p.precision, p.precision)
				if !ok {
					t.Fatal("not written")
				}
				paths = append(paths, path)
				got, err := run(path, in)
				if err != nil {
					t.Fatal(err)
				}
				for i := range want {
					d, _ := testkit.Difference(got[i], want[i])
					t.Logf("output %d: %.3g of the range", i, d)
					if !(d <= p.tol) {
						t.Errorf("output %d differs by %g of its range", i, d)
					}
				}
			})
		}
	}
	for path, why := range rebuild(t, paths) {
		t.Errorf("%s: coremltools: %s", filepath.Base(path), why)
	}
	t.Logf("coremltools rebuilt %d packages", len(paths))
}
