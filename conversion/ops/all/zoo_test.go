package all_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestZoo computes real models on the reference arithmetic: every value must be
// as inference said, and the outputs those of ONNX Runtime.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	for _, file := range []string{
		"tiny/mnist.onnx", "cifar/resnet20_cifar10.onnx", "imagenet/efficientnet-lite0.onnx",
		"imagenet/squeezenet_fp16.onnx", "torch/mobilenet_v3_small_raw.onnx", "detect/yolox_nano_coco.onnx",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(zoo, file)
			m, err := onnx.Source{}.Open(context.Background(), path, source.Options{Registry: all.Registry()})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			in := randomInputs(m.Graph)
			start := time.Now()
			got, err := evalChecked(all.Registry(), m.Graph, in)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d nodes in %v", len(m.Graph.Nodes), time.Since(start).Round(time.Millisecond))
			want := testkit.Vendor(t, []testkit.Job{{Runtime: "onnxruntime", Model: path, Inputs: in}})[0]
			if want.Err != "" {
				t.Fatalf("ONNX Runtime: %s", want.Err)
			}
			for i, v := range m.Graph.Outputs {
				testkit.Close(t, got[i], want.Outputs[v.Name], op.Tolerance{Abs: 1e-5, Rel: 1e-4})
			}
		})
	}
}

// randomInputs are seeded numbers in [0,1), with 1 for every unknown size.
func randomInputs(g *ir.Graph) map[string]*tensor.Tensor {
	rng := rand.New(rand.NewPCG(7, 7))
	in := map[string]*tensor.Tensor{}
	for _, v := range g.Inputs {
		shape := make([]int, len(v.Shape))
		for i, d := range v.Shape {
			shape[i] = 1
			if n, ok := d.Int(); ok {
				shape[i] = int(n)
			}
		}
		x := make([]float64, tensor.New(tensor.Uint8, shape...).Len())
		for i := range x {
			x[i] = rng.Float64()
		}
		in[v.Name], _ = tensor.FromFloat64s(v.DType, x, shape...)
	}
	return in
}

// evalChecked is testkit.Eval that compares every value with its inferred type
// and shape.
func evalChecked(reg *op.Registry, g *ir.Graph, in map[string]*tensor.Tensor) ([]*tensor.Tensor, error) {
	var every []*ir.Value
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v != nil {
				every = append(every, v)
			}
		}
	}
	outputs := g.Outputs
	g.Outputs = append(append([]*ir.Value{}, outputs...), every...)
	got, err := testkit.Eval(reg, g, in)
	g.Outputs = outputs
	if err != nil {
		return nil, err
	}
	for i, v := range every {
		if v.DType == tensor.Invalid || v.Shape == nil {
			return nil, fmt.Errorf("value %q has no inferred type or rank", v.Name)
		}
		if err := fits(v, got[len(outputs)+i]); err != nil {
			return nil, err
		}
	}
	return got[:len(outputs)], nil
}
