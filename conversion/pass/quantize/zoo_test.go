package quantize

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disintegration/imaging"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	onnxtarget "slipway/conversion/target/onnx"
	"slipway/conversion/target/openvino"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// vendorRunner runs calibration graphs with ONNX Runtime's Python package: all
// inputs in one process.
type vendorRunner struct {
	t      *testing.T
	inputs []*tensor.Tensor
}

type vendorRunning struct {
	names   []string
	results []testkit.JobResult
	next    int
}

func (r *vendorRunner) Open(ctx context.Context, g *ir.Graph) (Running, error) {
	dir := r.t.TempDir()
	a, err := onnxtarget.Target{}.Write(ctx, g, dir, target.Options{Name: "c", Registry: ops.Registry()})
	if err != nil {
		return nil, err
	}
	var jobs []testkit.Job
	for _, x := range r.inputs {
		jobs = append(jobs, testkit.Job{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: map[string]*tensor.Tensor{g.Inputs[0].Name: x}})
	}
	v := &vendorRunning{results: testkit.Vendor(r.t, jobs)}
	for _, o := range g.Outputs {
		v.names = append(v.names, o.Name)
	}
	return v, nil
}

func (v *vendorRunning) Run(context.Context, []*tensor.Tensor) ([]*tensor.Tensor, error) {
	r := v.results[v.next]
	v.next++
	if r.Err != "" {
		return nil, fmt.Errorf("%s", r.Err)
	}
	var out []*tensor.Tensor
	for _, n := range v.names {
		out = append(out, r.Outputs[n])
	}
	return out, nil
}

func (*vendorRunning) Close() error { return nil }

func each(inputs []*tensor.Tensor) Batches {
	return iter.Seq2[[]*tensor.Tensor, error](func(yield func([]*tensor.Tensor, error) bool) {
		for _, x := range inputs {
			if !yield([]*tensor.Tensor{x}, nil) {
				return
			}
		}
	})
}

func openSimplified(t *testing.T, path string) *ir.Graph {
	t.Helper()
	m, err := onnx.Source{}.Open(context.Background(), path, source.Options{Registry: ops.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if _, err := passall.Simplify(context.Background(), m.Graph, ops.Registry(), nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	return m.Graph
}

// quantized writes the model in int8 and returns the artefact.
func quantized(t *testing.T, path string, o *Options, calibration []*tensor.Tensor) string {
	t.Helper()
	ctx, reg := context.Background(), ops.Registry()
	g := openSimplified(t, path)
	n := len(calibration)
	stats, err := Calibrate(ctx, g, reg, o, &vendorRunner{t, calibration[:n]}, each(calibration[:n]), nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Stats = stats
	var found diag.List
	rep, err := Static.Run1(ctx, g, reg, o, &found)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Log(f)
	}
	for _, m := range rep.Missed {
		t.Log(m)
	}
	var to target.Target = onnxtarget.Target{}
	if o.Profile == OpenVINO {
		to = openvino.Target{}
	}
	to2 := target.Options{Name: "q", Precision: "int8", Registry: reg}
	if l := legalize.Run(ctx, g, reg, to, to2); l.Err() != nil {
		t.Fatal(l)
	}
	dir := t.TempDir()
	a, err := to.Write(ctx, g, dir, to2)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, a.Files[0])
}

func outputs(t *testing.T, runtime, model, input string, in []*tensor.Tensor) []*tensor.Tensor {
	var jobs []testkit.Job
	for _, x := range in {
		jobs = append(jobs, testkit.Job{Runtime: runtime, Model: model, Inputs: map[string]*tensor.Tensor{input: x}})
	}
	var out []*tensor.Tensor
	for _, r := range testkit.Vendor(t, jobs) {
		if r.Err != "" {
			t.Fatal(r.Err)
		}
		for _, x := range r.Outputs {
			out = append(out, x)
			break
		}
	}
	return out
}

func fidelity(float, quant []*tensor.Tensor) (agree, sqnr float64) {
	var s, e float64
	same := 0
	for i := range float {
		f, q := float[i].Float64s(), quant[i].Float64s()
		fi, qi := 0, 0
		for j := range f {
			s += f[j] * f[j]
			e += (f[j] - q[j]) * (f[j] - q[j])
			if f[j] > f[fi] {
				fi = j
			}
			if q[j] > q[qi] {
				qi = j
			}
		}
		if fi == qi {
			same++
		}
	}
	return 100 * float64(same) / float64(len(float)), 10 * math.Log10(s/e)
}

// pictures reads the zoo's pictures as EfficientNet-Lite0 wants them: (x-127)/128
// on 224 pixels of the resized and cropped picture.
func pictures(t *testing.T, dir string, limit int) []*tensor.Tensor {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.JPEG"))
	more, _ := filepath.Glob(filepath.Join(dir, "*", "*.JPEG"))
	files = append(files, more...)
	if len(files) < limit {
		t.Fatalf("%s holds %d pictures, want %d", dir, len(files), limit)
	}
	var out []*tensor.Tensor
	for i := range limit {
		img, err := imaging.Open(files[i*len(files)/limit])
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != 224 || b.Dy() != 224 {
			w, h := 256, 0
			if b.Dy() < b.Dx() {
				w, h = 0, 256
			}
			img = imaging.CropCenter(imaging.Resize(img, w, h, imaging.CatmullRom), 224, 224)
		}
		p := imaging.Clone(img).Pix
		x := make([]float32, 3*224*224)
		for k := range x {
			x[k] = (float32(p[k%(224*224)*4+k/(224*224)]) - 127) / 128
		}
		out = append(out, tensor.Of(x, 1, 3, 224, 224))
	}
	return out
}

// cifar reads raw pictures, normalised as ResNet-20 was trained.
func cifar(t *testing.T, dir string, from, to int) []*tensor.Tensor {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.bin"))
	mean, std := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	var out []*tensor.Tensor
	for _, f := range files[from:to] {
		p, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, 3*32*32)
		for k := range x {
			c := k / 1024
			x[k] = (float32(p[k%1024*3+c])/255 - mean[c]) / std[c]
		}
		out = append(out, tensor.Of(x, 1, 3, 32, 32))
	}
	return out
}

// TestZoo quantizes trained models and asks that they agree with their float
// form at least as well as onnxruntime.quantization's per-channel u8s8 min-max
// does on these pictures, and that convolutions run in integers.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	testkit.Python(t)
	imagenet := filepath.Join(zoo, "images")
	for _, m := range []struct {
		file        string
		calib, val  func() []*tensor.Tensor
		agree, sqnr float64
	}{
		{
			"imagenet/efficientnet-lite0.onnx",
			func() []*tensor.Tensor { return pictures(t, filepath.Join(imagenet, "imagenet-calibration-100"), 50) },
			func() []*tensor.Tensor { return pictures(t, filepath.Join(imagenet, "imagenet-val-250"), 100) }, 93.6, 19.3,
		},
		{
			"cifar/resnet20_cifar10.onnx",
			func() []*tensor.Tensor { return cifar(t, filepath.Join(imagenet, "cifar10-200"), 0, 100) },
			func() []*tensor.Tensor { return cifar(t, filepath.Join(imagenet, "cifar10-200"), 100, 200) }, 99, 29.7,
		},
	} {
		path := filepath.Join(zoo, m.file)
		calib, val := m.calib(), m.val()
		input := openSimplified(t, path).Inputs[0].Name
		float := outputs(t, "onnxruntime", path, input, val)
		for p, runtime := range map[*Profile]string{ONNXRuntime: "onnxruntime", OpenVINO: "openvino"} {
			t.Run(filepath.Base(m.file)+" "+p.Name, func(t *testing.T) {
				q := quantized(t, path, Defaults(p), calib)
				agree, sqnr := fidelity(float, outputs(t, runtime, q, input, val))
				t.Logf("agreement %.1f %%, SQNR %.2f dB", agree, sqnr)
				if agree < m.agree || sqnr < m.sqnr {
					t.Errorf("agreement %.1f %% and SQNR %.2f dB, want %.1f and %.1f", agree, sqnr, m.agree, m.sqnr)
				}
				runsInIntegers(t, runtime, q, input, val[0])
			})
		}
	}
}

// runsInIntegers asks the runtime itself how it computes the convolutions.
func runsInIntegers(t *testing.T, runtime, model, input string, x *tensor.Tensor) {
	t.Helper()
	job := testkit.Job{Runtime: runtime, Model: model, Inputs: map[string]*tensor.Tensor{input: x}, Profile: true}
	if runtime == "onnxruntime" {
		job.Optimised = filepath.Join(t.TempDir(), "optimised.onnx")
	}
	r := testkit.Vendor(t, []testkit.Job{job})[0]
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	if runtime == "openvino" {
		for _, l := range r.Profile {
			if l.Type == "Convolution" && !strings.HasSuffix(strings.ToUpper(l.Exec), "_I8") {
				t.Errorf("%s runs as %s", l.Name, l.Exec)
			}
		}
		return
	}
	b, err := os.ReadFile(job.Optimised)
	if err != nil {
		t.Fatal(err)
	}
	g := openSimplified(t, model)
	convs := 0
	for _, n := range g.Nodes {
		if n.Op == "Conv" {
			convs++
		}
	}
	if got := bytes.Count(b, []byte("QLinearConv")); got < convs || convs == 0 {
		t.Errorf("the optimised graph holds %d QLinearConv for %d convolutions", got, convs)
	}
}
