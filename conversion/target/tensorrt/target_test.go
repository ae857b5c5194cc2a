package tensorrt_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/tensorrt"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/conversion/testkit/reference"
)

func noise(t *testing.T, g *ir.Graph, seed uint64, span float64) map[string]*tensor.Tensor {
	t.Helper()
	in := map[string]*tensor.Tensor{}
	for i, v := range g.Inputs {
		var dims []int
		for _, d := range v.Shape {
			n, ok := d.Int()
			if !ok {
				n = 1
			}
			dims = append(dims, int(n))
		}
		x, err := ir.Noise(tensor.Float32, seed+uint64(i), dims...)
		if err != nil {
			t.Fatal(err)
		}
		f := x.Float64s()
		for j := range f {
			f[j] = math.Abs(f[j]) * span
		}
		if in[v.Name], err = tensor.FromFloat64s(v.DType, f, dims...); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// write simplifies, converts to a precision, fits and writes one model.
func write(t *testing.T, g *ir.Graph, precision string, span float64) (string, *target.Artefact) {
	t.Helper()
	ctx, reg := context.Background(), ops.Registry()
	if _, err := passes.Simplify(ctx, g, reg, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	switch precision {
	case "fp16":
		o := float16.Defaults()
		o.Mode = "arithmetic"
		if _, err := float16.Pass.Run1(ctx, g, reg, o, nil); err != nil {
			t.Fatal(err)
		}
	case "int8":
		o := quantize.Defaults(quantize.TensorRT)
		var err error
		o.Stats, err = quantize.Calibrate(ctx, g, reg, o, reference.Runner{Registry: reg}, func(yield func([]*tensor.Tensor, error) bool) {
			for k := range 3 {
				in := noise(t, g, uint64(k*10), span)
				var list []*tensor.Tensor
				for _, v := range g.Inputs {
					list = append(list, in[v.Name])
				}
				if !yield(list, nil) {
					return
				}
			}
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := quantize.Static.Run1(ctx, g, reg, o, nil); err != nil {
			t.Fatal(err)
		}
	}
	if l := legalize.Run(ctx, g, reg, tensorrt.Target{}, target.Options{}); l.Err() != nil {
		t.Fatal(l)
	}
	if _, err := (tensorrt.Target{}).Prepare(ctx, g, reg, target.Options{}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	a, err := tensorrt.Target{}.Write(ctx, g, dir, target.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	return dir, a
}

// decibels is the ratio of the signal to the difference.
func decibels(got, want *tensor.Tensor) float64 {
	signal, noise := 0.0, 1e-30
	w, g := want.Float64s(), got.Float64s()
	for i := range w {
		signal += w[i] * w[i]
		noise += (g[i] - w[i]) * (g[i] - w[i])
	}
	return 10 * math.Log10(signal/noise)
}

// TestZoo writes real models in each precision and compares ONNX Runtime on the
// artefact with ONNX Runtime on the source.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	for _, c := range []struct {
		file      string
		precision string
		span      float64
		least     float64 // dB
	}{
		{"imagenet/efficientnet-lite0.onnx", "fp32", 1, 90},
		{"imagenet/efficientnet-lite0.onnx", "fp16", 1, 35},
		{"imagenet/squeezenet_fp16.onnx", "fp16", 100, 35},
		{"cifar/resnet20_cifar10.onnx", "fp32", 1, 90},
		{"cifar/resnet20_cifar10.onnx", "fp16", 1, 35},
		{"cifar/resnet20_cifar10.onnx", "int8", 1, 18},
		{"tiny/mnist.onnx", "fp32", 1, 90},
		{"tiny/mnist.onnx", "int8", 1, 18},
		{"detect/yolox_nano_coco.onnx", "fp32", 255, 90},
		{"torch/mobilenet_v3_small_raw.onnx", "fp32", 1, 90},
		{"torch/mobilenet_v3_small_raw.onnx", "fp16", 1, 30},
	} {
		t.Run(filepath.Base(c.file)+"/"+c.precision, func(t *testing.T) {
			path := filepath.Join(zoo, c.file)
			m, err := onnx.Source{}.Open(context.Background(), path, source.Options{Registry: ops.Registry()})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			in := noise(t, m.Graph, 0, c.span)
			dir, a := write(t, m.Graph, c.precision, c.span)
			checkTyped(t, m.Graph)
			r := testkit.Vendor(t, []testkit.Job{
				{Runtime: "onnxruntime", Model: path, Inputs: in},
				{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: in},
			})
			if r[0].Err+r[1].Err != "" {
				t.Fatal(r[0].Err, r[1].Err)
			}
			for _, v := range m.Graph.Outputs {
				got, want := r[1].Outputs[v.Name], r[0].Outputs[v.Name]
				if got == nil || got.DType() != want.DType() {
					t.Fatalf("output %s is %v, want %v", v.Name, got, want)
				}
				db := decibels(got, want)
				t.Logf("%s: %.1f dB", v.Name, db)
				if !(db >= c.least) {
					t.Errorf("output %s: %.1f dB, want %v", v.Name, db, c.least)
				}
			}
		})
	}
}

// checkTyped holds the parser's rules of explicit quantization.
func checkTyped(t *testing.T, g *ir.Graph) {
	t.Helper()
	for _, n := range g.Nodes {
		if n.Op != "QuantizeLinear" && n.Op != "DequantizeLinear" {
			continue
		}
		if z := n.In(2); z == nil || z.DType != tensor.Int8 || slices.ContainsFunc(z.Const.Float64s(), func(x float64) bool { return x != 0 }) {
			t.Errorf("%s %s has the zero point %v", n.Op, n.Name, z)
		}
		if g.IsOutput(n.Out(0)) {
			t.Errorf("output %s is quantized", n.Out(0).Name)
		}
		if n.Op == "QuantizeLinear" && n.In(0).Node() != nil && n.In(0).Node().Op == "Conv" {
			for _, u := range n.In(0).Uses() {
				if u.Node.Op == "Add" {
					t.Errorf("%s stands between a convolution and its sum", n.Name)
				}
			}
		}
	}
}

func TestBuildFile(t *testing.T) {
	g, err := ir.Parse(`graph net {
  input %x : f32[batch,3,H,W]
  %y : f32[batch,3,H,W] = Relu(%x) @relu
  output %y
}
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	dir, a := write(t, g, "fp32", 1)
	if !slices.Equal(a.Files, []string{"net.onnx", "net.build.json"}) {
		t.Fatal(a.Files)
	}
	text, err := os.ReadFile(filepath.Join(dir, "net.build.json"))
	if err != nil {
		t.Fatal(err)
	}
	var b tensorrt.Build
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	if !b.StronglyTyped || b.TensorRT.MadeFor == "" || b.Checked.TensorRT || !slices.Equal(b.Precisions, []string{"f32"}) {
		t.Errorf("%s", text)
	}
	r := b.Profiles[0]["x"]
	if !slices.Equal(r.Min, []int64{1, 3, 32, 32}) || !slices.Equal(r.Opt, []int64{8, 3, 224, 224}) || !slices.Equal(r.Max, []int64{32, 3, 640, 640}) {
		t.Errorf("%+v", r)
	}
	if !slices.Contains(b.Flags, "--optShapes=x:8x3x224x224") {
		t.Error(b.Flags)
	}
	if strings.Contains(string(text), dir) {
		t.Error("the file tells where it was made")
	}
}

// TestRefuses: what the parser does not take is a finding, never a file.
func TestRefuses(t *testing.T) {
	q := func(d tensor.DType, zero int64) *ir.Graph {
		z, _ := tensor.FromInt64s(d, []int64{zero})
		g, err := testkit.Node(ops.Registry(), "QuantizeLinear", nil, 1, []*tensor.Tensor{tensor.New(tensor.Float32, 4), tensor.Scalar(float32(0.1)), z}, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for name, c := range map[string]struct {
		g    *ir.Graph
		want string
	}{
		"unsigned":   {q(tensor.Uint8, 0), "takes u8 only as an input that is cast at once"},
		"asymmetric": {q(tensor.Int8, 3), "zero point 0"},
		"symmetric":  {q(tensor.Int8, 0), ""},
	} {
		f := tensorrt.Target{}.Legal(c.g.Nodes[0], target.Options{})
		switch {
		case c.want == "" && f != nil, c.want != "" && (f == nil || !strings.Contains(f.Text, c.want)):
			t.Errorf("%s: %v, want %q", name, f, c.want)
		}
	}
}

// TestFloatBiasesOfBodies: biases of 32-bit integers become floats in bodies too.
func TestFloatBiasesOfBodies(t *testing.T) {
	g, err := ir.Parse(`graph g {
  input %x : f32[1,2]
  const %b : i32[2] = [100,-200]
  const %s : f32[] = [0.01]
  %d : ?[?] = DequantizeLinear(%b, %s) @bias
  %y : ?[?] = Add(%x, %d) @add
  output %y
}`)
	if err != nil {
		t.Fatal(err)
	}
	reg := ops.Registry()
	for _, kind := range []string{"If", "Loop"} {
		outer := testkit.Within(t, kind, g, reg)
		if _, err := (tensorrt.Target{}).Prepare(context.Background(), outer, reg, target.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, body := range outer.Nodes[0].Bodies() {
			if slices.ContainsFunc(body.Nodes, func(n *ir.Node) bool { return n.Op == "DequantizeLinear" }) {
				t.Errorf("%s: integers are left in its body", kind)
			}
		}
	}
}
