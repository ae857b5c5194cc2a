package quantize

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"testing"

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
	if d := os.Getenv("QUANTIZE_KEEP"); d != "" {
		dir = d
	}
	a, err := to.Write(ctx, g, dir, to2)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, a.Files[0])
}

func npy(t *testing.T, file string, limit int) []*tensor.Tensor {
	b, err := os.ReadFile(filepath.Join(os.Getenv("QEXP"), file))
	if err != nil {
		t.Skip(err)
	}
	var n, c, h, w int
	var head string
	hl := int(binary.LittleEndian.Uint16(b[8:]))
	head = string(b[10 : 10+hl])
	i := 0
	for i = range head {
		if head[i] == '(' {
			break
		}
	}
	fmt.Sscanf(head[i:], "(%d, %d, %d, %d)", &n, &c, &h, &w)
	all, err := tensor.FromBytes(tensor.Float32, []int{n, c * h * w}, b[10+hl:])
	if err != nil {
		t.Fatal(err)
	}
	v := tensor.View[float32](all)
	var out []*tensor.Tensor
	for i := range min(n, limit) {
		out = append(out, tensor.Of(v[i*c*h*w:(i+1)*c*h*w], 1, c, h, w))
	}
	return out
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

func TestExperiment(t *testing.T) {
	if os.Getenv("QEXP") == "" {
		t.Skip("an experiment")
	}
	zoo := testkit.Zoo(t)
	for _, m := range []struct{ file, calib, val, input string }{
		{"imagenet/efficientnet-lite0.onnx", "calib.npy", "val.npy", "input"},
		{"cifar/resnet20_cifar10.onnx", "ccalib.npy", "cval.npy", "input"},
	} {
		path := filepath.Join(zoo, m.file)
		calib, val := npy(t, m.calib, 100), npy(t, m.val, 250)
		float := outputs(t, "onnxruntime", path, m.input, val)
		for name, set := range experiments {
			for _, p := range []*Profile{ONNXRuntime, OpenVINO} {
				if os.Getenv("QTARGET") != "" && os.Getenv("QTARGET") != p.Name {
					continue
				}
				o := Defaults(p)
				set(o)
				q := quantized(t, path, o, calib)
				rt := "onnxruntime"
				if p == OpenVINO {
					rt = "openvino"
				}
				a, s := fidelity(float, outputs(t, rt, q, m.input, val))
				t.Logf("%s %s %s: agree %.1f%% sqnr %.2f dB", filepath.Base(m.file), p.Name, name, a, s)
			}
		}
	}
}

var experiments = map[string]func(*Options){
	"default":    func(*Options) {},
	"percentile": func(o *Options) { o.Method = "percentile" },
}
