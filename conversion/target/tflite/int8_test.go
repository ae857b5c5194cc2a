package tflite

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/pass/quantize"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/conversion/testkit/reference"
)

// quantized makes g an int8 graph, calibrated on the given inputs.
func quantized(t *testing.T, g *ir.Graph, inputs ...map[string]*tensor.Tensor) {
	t.Helper()
	ctx, reg := context.Background(), all.Registry()
	o := quantize.Defaults(quantize.TFLite)
	batches := func(yield func([]*tensor.Tensor, error) bool) {
		for _, in := range inputs {
			var x []*tensor.Tensor
			for _, v := range g.Inputs {
				x = append(x, in[v.Name])
			}
			if !yield(x, nil) {
				return
			}
		}
	}
	stats, err := quantize.Calibrate(ctx, g, reg, o, reference.Runner{Registry: reg}, batches, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Stats = stats
	var found diag.List
	if _, err := quantize.Static.Run1(ctx, g, reg, o, &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Log(f)
	}
	if err := legalize.Run(ctx, g, reg, Target{}, target.Options{}).Err(); err != nil {
		t.Fatal(err)
	}
}

func sqnr(want, got *tensor.Tensor) float64 {
	w, g := want.Float64s(), got.Float64s()
	var s, e float64
	for i := range w {
		s += w[i] * w[i]
		e += (w[i] - g[i]) * (w[i] - g[i])
	}
	return 10 * math.Log10(s/math.Max(e, 1e-30))
}

// TestInt8Zoo quantizes real models: inside they must be integers only, and the
// runtime must stay as close to the float model as the reference arithmetic of
// the same quantized graph does.
func TestInt8Zoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	for _, c := range []struct {
		file   string
		lo, hi float64
	}{
		{"cifar/resnet20_cifar10.onnx", -2, 2},
		{"tiny/mnist.onnx", 0, 1},
		{"torch/mobilenet_v3_small_raw.onnx", -2, 2},
		{"imagenet/efficientnet-lite0.onnx", -1, 1},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			reg := all.Registry()
			path := filepath.Join(zoo, c.file)
			g, done := openModel(t, path)
			defer done()
			in := randomInputs(t, g, c.lo, c.hi, 1)
			float, err := testkit.Eval(reg, g, in)
			if err != nil {
				t.Fatal(err)
			}
			quantized(t, g, in)
			ref, err := testkit.Eval(reg, g, in)
			if err != nil {
				t.Fatal(err)
			}
			w := newWriter(g, target.Options{})
			if err := w.build(context.Background()); err != nil {
				t.Fatal(err)
			}
			checkIntegers(t, w)
			dir := t.TempDir()
			a, err := Target{}.Write(context.Background(), g, dir, target.Options{Name: "q"})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, a.Files[0])
			for i, r := range testkit.Vendor(t, []testkit.Job{
				{Runtime: "litert", Model: file, Inputs: in}, {Runtime: "litert", Model: file, Inputs: in, Reference: true},
			}) {
				if r.Err != "" {
					t.Fatal(r.Err)
				}
				got := r.Outputs[g.Outputs[0].Name]
				want, have := sqnr(float[0], ref[0]), sqnr(float[0], got)
				t.Logf("run %d: %.1f dB to the float model, %.1f dB by the reference arithmetic", i, have, want)
				if have < want-3 {
					t.Errorf("run %d: %.1f dB to the float model, the reference arithmetic has %.1f", i, have, want)
				}
			}
		})
	}
}

// checkIntegers fails for floating-point tensors other than inputs and outputs,
// and for quantization parameters that break the specification.
func checkIntegers(t *testing.T, w *writer) {
	t.Helper()
	for i, x := range w.m.Tensors {
		if x.Type == fb.Float32 && !slices.Contains(w.m.Inputs, i) && !slices.Contains(w.m.Outputs, i) {
			t.Errorf("tensor %q%v is float", x.Name, x.Shape)
		}
	}
	for _, o := range w.m.Operators {
		if o.Code != fb.Conv2D && o.Code != fb.DepthwiseConv2D && o.Code != fb.FullyConnected {
			continue
		}
		x, f, b := w.m.Tensors[o.Inputs[0]], w.m.Tensors[o.Inputs[1]], w.m.Tensors[o.Inputs[2]]
		if b.Type != fb.Int32 || len(b.Quant.Scale) != len(f.Quant.Scale) {
			t.Errorf("%s: bias %q is type %d with %d scales for %d", o.Code, b.Name, b.Type, len(b.Quant.Scale), len(f.Quant.Scale))
			continue
		}
		channels := f.Shape[f.Quant.Dim]
		if n := int32(len(f.Quant.Scale)); n != 1 && n != channels {
			t.Errorf("%s: %d scales for %d channels", o.Code, n, channels)
		}
		for c := range f.Quant.Scale {
			if want := x.Quant.Scale[0] * f.Quant.Scale[c]; b.Quant.Scale[c] != want {
				t.Errorf("%s: bias scale %g, want %g", o.Code, b.Quant.Scale[c], want)
				break
			}
			if f.Quant.Zero[c] != 0 {
				t.Errorf("%s: weights with zero point %d", o.Code, f.Quant.Zero[c])
			}
		}
	}
	for _, f := range w.findings {
		if f.Severity > diag.Info {
			t.Error(f, f.Layers)
		}
	}
}

// TestInt8Graphs quantizes the small graphs: they must load, and stay as close
// to the float graph as the reference arithmetic of the quantized graph does.
func TestInt8Graphs(t *testing.T) {
	testkit.Python(t)
	only := os.Getenv("GRAPH_ONLY")
	type check struct {
		name       string
		outs       []string
		float, ref []*tensor.Tensor
		ops        string
	}
	var jobs []testkit.Job
	var checks []check
	dir := t.TempDir()
	for _, c := range graphCases {
		if only != "" && !strings.Contains(c.name, only) {
			continue
		}
		b := newBuild(t, c.name)
		b.g.Outputs = c.build(b)
		in := randomInputs(t, b.g, -1, 1, 1)
		float, err := testkit.Eval(b.reg, b.g, in)
		if err != nil {
			t.Fatal(err)
		}
		quantized(t, b.g, in)
		ref, err := testkit.Eval(b.reg, b.g, in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		k := check{name: c.name, float: float, ref: ref}
		for _, v := range b.g.Outputs {
			k.outs = append(k.outs, v.Name)
		}
		w := newWriter(b.g, target.Options{})
		if err := w.build(context.Background()); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var codes []string
		for _, o := range w.m.Operators {
			codes = append(codes, o.Code.String())
		}
		k.ops = strings.Join(codes, " ")
		for _, f := range w.findings {
			if f.Severity > diag.Info {
				t.Logf("%s: %v", c.name, f)
			}
		}
		file := filepath.Join(dir, fmt.Sprintf("g%d.tflite", len(jobs)))
		if err := writeModel(context.Background(), w.m, file); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, testkit.Job{Runtime: "litert", Model: file, Inputs: in}, testkit.Job{Runtime: "litert", Model: file, Inputs: in, Reference: true})
		checks = append(checks, k, k)
	}
	for i, r := range testkit.Vendor(t, jobs) {
		k := checks[i]
		if jobs[i].Reference && (strings.Contains(r.Err, "Didn't find op") || strings.Contains(k.name, "without reference")) {
			continue
		}
		if r.Err != "" {
			t.Errorf("%s: %s (%s)", k.name, r.Err, k.ops)
			continue
		}
		for o, name := range k.outs {
			got := r.Outputs[name]
			if got == nil || fmt.Sprint(got.Shape()) != fmt.Sprint(k.ref[o].Shape()) {
				t.Errorf("%s: output %q is %v, want %v (%s)", k.name, name, got, k.ref[o], k.ops)
				continue
			}
			if !got.DType().IsFloat() {
				continue // indices of nearly equal elements
			}
			have, want := sqnr(k.float[o], got), sqnr(k.float[o], k.ref[o])
			if have < min(want, 40)-4 {
				t.Errorf("%s: output %q: %.1f dB to the float graph, the reference arithmetic has %.1f (%s)", k.name, name, have, want, k.ops)
			}
		}
	}
}
