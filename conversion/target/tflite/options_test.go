package tflite

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/layout"
	"slipway/conversion/pass/legalize"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// write writes g and returns the file's path and the artefact.
func write(t *testing.T, g *ir.Graph, o target.Options) (string, *target.Artefact) {
	t.Helper()
	dir := t.TempDir()
	o.Name = "m"
	a, err := Target{}.Write(context.Background(), g, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, a.Files[0]), a
}

// TestFloat16 stores weights in half precision: the file is half as large, the
// weights are FLOAT16 behind DEQUANTIZE, and the results stay close.
func TestFloat16(t *testing.T) {
	path := filepath.Join(testkit.Zoo(t), "imagenet/efficientnet-lite0.onnx")
	g, done := openModel(t, path)
	defer done()
	full, _ := write(t, g, target.Options{})
	var found diag.List
	if _, err := float16.Pass.Run1(context.Background(), g, all.Registry(), float16.Defaults(), &found); err != nil {
		t.Fatal(err)
	}
	half, _ := write(t, g, target.Options{})
	a, _ := os.Stat(full)
	b, _ := os.Stat(half)
	if float64(b.Size()) > 0.52*float64(a.Size()) {
		t.Errorf("%d bytes in half precision, %d in single", b.Size(), a.Size())
	}
	in := randomInputs(t, g, -1, 1, 1)
	r := testkit.Vendor(t, []testkit.Job{{Runtime: "litert", Model: full, Inputs: in}, {Runtime: "litert", Model: half, Inputs: in}})
	if r[0].Err+r[1].Err != "" {
		t.Fatal(r[0].Err, r[1].Err)
	}
	want, err := testkit.Eval(all.Registry(), g, in)
	if err != nil {
		t.Fatal(err)
	}
	name := g.Outputs[0].Name
	if d, _ := testkit.Difference(r[1].Outputs[name], want[0]); !(d < 1e-4) {
		t.Errorf("differs by %g of the range from the same weights' arithmetic", d)
	}
	if d, _ := testkit.Difference(r[1].Outputs[name], r[0].Outputs[name]); d == 0 || d > 0.02 {
		t.Errorf("differs by %g of the range from full precision", d)
	}
}

// TestLayoutOption exposes channels-last inputs: no transposition is left.
func TestLayoutOption(t *testing.T) {
	path := filepath.Join(testkit.Zoo(t), "cifar/resnet20_cifar10.onnx")
	g, done := openModel(t, path)
	defer done()
	w := newWriter(g, target.Options{Layout: "nhwc"})
	if err := w.build(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, o := range w.m.Operators {
		if o.Code == fb.Transpose {
			t.Error("a TRANSPOSE is left")
		}
	}
	file, _ := write(t, g, target.Options{Layout: "nhwc"})
	in := randomInputs(t, g, -1, 1, 1)
	x := in[g.Inputs[0].Name]
	y, err := x.Transposed(layout.Last(4)...)
	if err != nil {
		t.Fatal(err)
	}
	r := testkit.Vendor(t, []testkit.Job{
		{Runtime: "onnxruntime", Model: path, Inputs: in},
		{Runtime: "litert", Model: file, Inputs: map[string]*tensor.Tensor{g.Inputs[0].Name: y}},
	})
	if r[0].Err+r[1].Err != "" {
		t.Fatal(r[0].Err, r[1].Err)
	}
	name := g.Outputs[0].Name
	if d, _ := testkit.Difference(r[1].Outputs[name], r[0].Outputs[name]); !(d < 1e-5) {
		t.Errorf("differs by %g of the range", d)
	}
}

// TestDynamicBatch runs one file with several batch sizes.
func TestDynamicBatch(t *testing.T) {
	path := filepath.Join(testkit.Zoo(t), "cifar/resnet20_cifar10.onnx")
	g, done := openModel(t, path)
	defer done()
	if g.Inputs[0].Shape[0].IsStatic() {
		t.Fatal("the model's batch is fixed")
	}
	file, _ := write(t, g, target.Options{})
	var jobs []testkit.Job
	for _, n := range []int{1, 3} {
		in := randomInputs(t, g, -1, 1, n)
		jobs = append(jobs, testkit.Job{Runtime: "onnxruntime", Model: path, Inputs: in}, testkit.Job{Runtime: "litert", Model: file, Inputs: in})
	}
	r := testkit.Vendor(t, jobs)
	for i := 0; i < len(r); i += 2 {
		if r[i].Err+r[i+1].Err != "" {
			t.Fatal(r[i].Err, r[i+1].Err)
		}
		name := g.Outputs[0].Name
		a, b := r[i].Outputs[name], r[i+1].Outputs[name]
		if !slices.Equal(a.Shape(), b.Shape()) {
			t.Fatal(a, b)
		}
		if d, _ := testkit.Difference(b, a); !(d < 1e-5) {
			t.Errorf("differs by %g of the range", d)
		}
	}
}

// TestTap compares inner tensors of float and int8 artefacts with the source's
// layers, in the source's axis order.
func TestTap(t *testing.T) {
	path := filepath.Join(testkit.Zoo(t), "cifar/resnet20_cifar10.onnx")
	for _, int8 := range []bool{false, true} {
		g, done := openModel(t, path)
		defer done()
		in := randomInputs(t, g, -1, 1, 1)
		expose := g.Clone()
		var layers []string
		for _, v := range expose.Values() {
			if v.Node() != nil && len(v.Layers) > 0 && v.Rank() == 4 && !expose.IsOutput(v) {
				layers = append(layers, v.Layers[0])
				expose.Outputs = append(expose.Outputs, v)
			}
		}
		want, err := testkit.Eval(all.Registry(), expose, in)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := 1e-5
		if int8 {
			quantized(t, g, in)
			tolerance = 0.1
		}
		file, a := write(t, g, target.Options{})
		var names []string
		var ref []*tensor.Tensor
		for i, l := range layers {
			if n, ok := a.Taps[l]; ok {
				names, ref = append(names, n), append(ref, want[1+i])
			}
		}
		if len(names) < 15 {
			t.Fatalf("%d of %d layers can be tapped", len(names), len(layers))
		}
		tapped, err := Target{}.Tap(context.Background(), file, names, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r := testkit.Vendor(t, []testkit.Job{{Runtime: "litert", Model: tapped, Inputs: in}})
		if r[0].Err != "" {
			t.Fatal(r[0].Err)
		}
		m, _, closeFile, err := open(tapped)
		if err != nil {
			t.Fatal(err)
		}
		defer closeFile()
		for i := range names {
			got := r[0].Outputs[m.Tensors[m.Outputs[1+i]].Name]
			if !slices.Equal(got.Shape(), ref[i].Shape()) {
				t.Fatalf("%s is %v, want %v", names[i], got, ref[i])
			}
			if d, _ := testkit.Difference(got, ref[i]); !(d <= tolerance) {
				t.Errorf("int8 %v: %s differs by %g of its range", int8, names[i], d)
			}
		}
	}
	// Models of other tools: their tensors are listed, and tapped where nothing
	// in them is unknown.
	other := filepath.Join(testkit.Zoo(t), "tiny/resnet8_cifar10_float.tflite")
	names, err := Target{}.Tensors(context.Background(), other)
	if err != nil || len(names) < 10 {
		t.Fatalf("%d tensors, %v", len(names), err)
	}
	if _, err := (Target{}).Tap(context.Background(), other, names[:1], t.TempDir()); err != nil {
		t.Log(err)
	}
	if _, err := (Target{}).Tap(context.Background(), filepath.Join(testkit.Zoo(t), "tiny/mnist.onnx"), nil, t.TempDir()); err == nil {
		t.Error("tapped a file of another format")
	}
}

// TestLegal names operators and forms that the target does not have.
func TestLegal(t *testing.T) {
	reg := all.Registry()
	x := tensor.New(tensor.Float32, 1, 2, 4, 4)
	for _, c := range []struct {
		op    string
		attrs ir.Attrs
		in    []*tensor.Tensor
		code  string
	}{
		{"Relu", nil, []*tensor.Tensor{x}, ""},
		{"Det", nil, []*tensor.Tensor{x}, "tflite.unsupported-op"},
		{"Relu", nil, []*tensor.Tensor{tensor.New(tensor.Float64, 2)}, "tflite.unsupported-type"},
		{"LRN", ir.Attrs{"size": int64(4)}, []*tensor.Tensor{x}, "tflite.unsupported-form"},
		{"LRN", ir.Attrs{"size": int64(3)}, []*tensor.Tensor{x}, ""},
	} {
		g, err := testkit.Node(reg, c.op, c.attrs, 1, c.in)
		if err != nil && reg.Get(c.op) != nil {
			t.Fatal(err)
		}
		code := ""
		if f := (Target{}).Legal(g.Nodes[0], target.Options{}); f != nil {
			code = f.Code
		}
		if code != c.code {
			t.Errorf("%s: finding %q, want %q", c.op, code, c.code)
		}
	}
}

// TestInt8Interface exposes the integers: the same bits as behind the float
// interface.
func TestInt8Interface(t *testing.T) {
	path := filepath.Join(testkit.Zoo(t), "cifar/resnet20_cifar10.onnx")
	g, done := openModel(t, path)
	defer done()
	in := randomInputs(t, g, -1, 1, 1)
	quantized(t, g, in)
	floats, _ := write(t, g, target.Options{})
	bytes, _ := write(t, g, target.Options{Values: map[string]string{KeyIO: "int8"}})
	m, _, closeFile, err := open(bytes)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFile()
	x, y := m.Tensors[m.Inputs[0]], m.Tensors[m.Outputs[0]]
	if x.Type != fb.Int8 || y.Type != fb.Int8 {
		t.Fatalf("input of type %d, output of type %d", x.Type, y.Type)
	}
	name := g.Inputs[0].Name
	q := make([]int8, in[name].Len())
	for i, v := range in[name].Float64s() {
		q[i] = int8(min(max(math.RoundToEven(v/float64(x.Quant.Scale[0]))+float64(x.Quant.Zero[0]), -128), 127))
	}
	r := testkit.Vendor(t, []testkit.Job{
		{Runtime: "litert", Model: floats, Inputs: in},
		{Runtime: "litert", Model: bytes, Inputs: map[string]*tensor.Tensor{name: tensor.Of(q, in[name].Shape()...)}},
	})
	if r[0].Err+r[1].Err != "" {
		t.Fatal(r[0].Err, r[1].Err)
	}
	out := g.Outputs[0].Name
	for i, v := range r[1].Outputs[out].Float64s() {
		if got, want := float32(v-float64(y.Quant.Zero[0]))*y.Quant.Scale[0], r[0].Outputs[out].Float32s()[i]; got != want {
			t.Fatalf("element %d: %g, want %g", i, got, want)
		}
	}
}

// TestDynamicShapes runs operators whose target shape is computed.
func TestDynamicShapes(t *testing.T) {
	b := newBuild(t, "dynamic")
	x := b.g.AddInput("x", tensor.Float32, ir.Shape{ir.Symbol("N"), ir.Static(4), ir.Static(5), ir.Static(6)})
	a := b.op("ConvTranspose", ir.Attrs{"strides": ints(2, 2), "pads": ints(1, 1, 1, 1), "output_padding": ints(1, 1)}, x, b.w(4, 4, 3, 3), b.w(4))
	c := b.op("ConvTranspose", ir.Attrs{"strides": ints(2, 2), "group": int64(2)}, x, b.w(4, 2, 2, 2), b.w(4))
	batch := b.op("Gather", nil, b.op("Shape", nil, x), b.ints(0))
	token := b.op("Expand", nil, b.w(1, 3, 7), b.op("Concat", ir.Attrs{"axis": int64(0)}, batch, b.ints(3, 7)))
	b.g.Outputs = []*ir.Value{b.op("Add", nil, a, c), token, b.op("Flatten", ir.Attrs{"axis": int64(1)}, c)}
	if err := legalize.Run(context.Background(), b.g, b.reg, Target{}, target.Options{}).Err(); err != nil {
		t.Fatal(err)
	}
	file, _ := write(t, b.g, target.Options{})
	for _, n := range []int{1, 3} {
		in := randomInputs(t, b.g, -1, 1, n)
		want, err := testkit.Eval(b.reg, b.g, in)
		if err != nil {
			t.Fatal(err)
		}
		r := testkit.Vendor(t, []testkit.Job{{Runtime: "litert", Model: file, Inputs: in}})
		if r[0].Err != "" {
			t.Fatal(r[0].Err)
		}
		for i, v := range b.g.Outputs {
			got := r[0].Outputs[v.Name]
			if !testkit.Near(got, want[i], 1e-5) {
				t.Errorf("batch %d: %s: %v, want %v", n, v.Name, got, want[i])
			}
		}
	}
}
