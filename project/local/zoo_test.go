package local

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	sourceall "slipway/conversion/source/all"
	"slipway/conversion/source/onnx"
	targetall "slipway/conversion/target/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// zooModels are the real models that every target must express.
var zooModels = []string{
	"imagenet/efficientnet-lite0.onnx",
	"imagenet/squeezenet_fp16.onnx",
	"cifar/resnet20_cifar10.onnx",
	"tiny/mnist.onnx",
	"detect/yolox_nano_coco.onnx",
	"torch/mobilenet_v3_small_raw.onnx",
}

// runtimeOf is what each target's artefacts are proved on, with the name that
// the vendor's own Python package has in package testkit.
var runtimeOf = map[string]struct{ runtime, vendor string }{
	"onnx": {"ort", "onnxruntime"}, "openvino": {"openvino", "openvino"}, "tflite": {"litert", "litert"},
}

// machine is one for a test, with the runtimes that are found in the test's
// environment.
func machine(t *testing.T) *Machine {
	t.Helper()
	m := New()
	t.Cleanup(func() { m.Close() })
	return m
}

// need skips the test where a runtime is absent.
func need(t *testing.T, m *Machine, names ...string) {
	t.Helper()
	for _, n := range names {
		r, err := m.Get(n)
		if err == nil {
			err = r.Check(context.Background())
		}
		var absent *runtimes.NotAvailableError
		if errors.As(err, &absent) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// inProcess converts in the test's own process, where a debugger and the
// coverage profile see it.
func inProcess(ctx context.Context, r plan.Request, _ *task.Task, progress func(plan.Event)) (*plan.Report, error) {
	return plan.Run(ctx, r, plan.Env{Registry: opsall.Registry(), Open: sourceall.Open, Target: targetall.Get}, progress)
}

// variant is one cell of the matrix.
type variant struct {
	model, target, precision, path string
	result                         *pipeline.Result
}

// TestZoo converts every real model to every target in single and half
// precision. Each must match the source on the target's own runtime, here
// through the C libraries and again through the vendor's Python package, which
// shares no code with this program.
func TestZoo(t *testing.T) {
	zoo, m := testkit.Zoo(t), machine(t)
	need(t, m, "ort")
	var done []variant
	out := t.TempDir()
	for i, model := range zooModels {
		for _, target := range []string{"onnx", "openvino", "tflite"} {
			for _, precision := range []string{"fp32", "fp16"} {
				name := strings.TrimSuffix(filepath.Base(model), ".onnx")
				t.Run(name+"/"+target+"/"+precision, func(t *testing.T) {
					need(t, m, runtimeOf[target].runtime)
					env := m.Pipeline()
					if i > 1 { // the first two in a worker, as the studio does
						env.Convert = inProcess
					}
					dir := filepath.Join(out, precision)
					v := convertAndVerify(t, env, filepath.Join(zoo, model), target, precision, dir)
					done = append(done, v)
				})
			}
		}
	}
	t.Run("vendors", func(t *testing.T) { readByVendors(t, m, done) })
}

// convertAndVerify fails the test unless the artefact matches its source.
func convertAndVerify(t *testing.T, env *pipeline.Env, model, target, precision, dir string) variant {
	t.Helper()
	r := plan.Default()
	r.Precision = precision
	res, err := env.RunTo(context.Background(), pipeline.Request{Model: model, Target: target, Recipe: r}, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := res.Verify; !res.OK || v.Verdict != verify.Match {
		t.Fatalf("%s: %s; first diverging layer %q; findings %v", v.Verdict, v.Why, v.FirstLayer, res.Findings)
	}
	if res.Verify.Samples != r.Samples || res.Verify.Runtime != runtimeOf[target].runtime || res.Verify.Reference != "ort" {
		t.Errorf("not verified as asked: %+v", res.Verify)
	}
	if precision == "fp32" && res.Verify.MaxRel > 1e-4 {
		t.Errorf("off by %.3g of the output's range", res.Verify.MaxRel)
	}
	for _, a := range res.Artefacts {
		if sum, err := pipeline.HashFile(a.Path); err != nil || sum != a.SHA256 {
			t.Errorf("%s: hash %s, the report says %s (%v)", a.Path, sum, a.SHA256, err)
		}
	}
	t.Logf("%.3g of the output's range, cosine %.7f", res.Verify.MaxRel, res.Verify.Cosine)
	return variant{model, target, precision, res.Artefacts[0].Path, res}
}

// readByVendors runs all artefacts, a Python process a runtime, and compares
// with ONNX Runtime's Python package on the sources, which all run in one more.
func readByVendors(t *testing.T, m *Machine, done []variant) {
	samples := map[string][][]*tensor.Tensor{}
	at := map[string]int{} // where a model's results begin: first the source's, then those with rounded weights
	var sources []testkit.Job
	dir := t.TempDir()
	for _, v := range done {
		if samples[v.model] != nil {
			continue
		}
		samples[v.model], at[v.model] = zooSamples(t, m, v.model), len(sources)
		half := filepath.Join(dir, filepath.Base(v.model))
		if err := onnx.RoundWeights(v.model, half); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{v.model, half} {
			sources = append(sources, vendorJobs(t, m, "ort", "onnxruntime", file, samples[v.model])...)
		}
	}
	want := testkit.Vendor(t, sources)
	for target, on := range runtimeOf {
		t.Run(on.vendor, func(t *testing.T) {
			var jobs []testkit.Job
			var of []variant
			for _, v := range done {
				if v.target == target {
					jobs = append(jobs, vendorJobs(t, m, on.runtime, on.vendor, v.path, samples[v.model])...)
					of = append(of, v)
				}
			}
			got := testkit.Vendor(t, jobs)
			for _, v := range of {
				n := len(samples[v.model])
				source := want[at[v.model]:]
				for k, r := range got[:n] {
					agree(t, v, k, r, source[k], source[n+k])
				}
				got = got[n:]
			}
		})
	}
}

// zooSamples are inputs of a model: noise, zeros and ones as verification has
// them.
func zooSamples(t *testing.T, m *Machine, model string) [][]*tensor.Tensor {
	t.Helper()
	s := open(t, m, "ort", model)
	guess, _ := task.Guess(s.Inputs(), s.Outputs())
	low, high := guess.Input.Span()
	out, err := verify.Samples(s.Inputs(), 3, nil, verify.Span{Low: low, High: high})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t *testing.T, m *Machine, runtime, model string) runtimes.Session {
	t.Helper()
	r, err := m.Get(runtime)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(context.Background(), runtimes.Model{Path: model}, runtimes.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// vendorJobs feed a model by its own names and types.
func vendorJobs(t *testing.T, m *Machine, runtime, vendor, model string, samples [][]*tensor.Tensor) []testkit.Job {
	t.Helper()
	s := open(t, m, runtime, model)
	var jobs []testkit.Job
	for _, in := range samples {
		fit, err := verify.Fit(in, s.Inputs())
		if err != nil {
			t.Fatal(err)
		}
		j := testkit.Job{Runtime: vendor, Model: model, Inputs: map[string]*tensor.Tensor{}}
		for i, io := range s.Inputs() {
			j.Inputs[io.Name] = fit[i]
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// agree compares one sample's outputs. Half precision may move an output by 1e-2
// of its range, and where rounding the source's weights alone moves it further,
// by three times that.
func agree(t *testing.T, v variant, sample int, got, want, rounded testkit.JobResult) {
	t.Helper()
	name := filepath.Base(v.model) + " as " + v.precision
	if got.Err != "" || want.Err != "" {
		t.Errorf("%s: refused: %s %s", name, got.Err, want.Err)
		return
	}
	if len(want.Outputs) != 1 || len(got.Outputs) == 0 {
		t.Fatalf("%s: %d outputs, the source has %d", name, len(got.Outputs), len(want.Outputs))
	}
	for source, w := range want.Outputs {
		limit := 1e-4
		if v.precision == "fp16" {
			d, err := verify.Compare(rounded.Outputs[source], w)
			if err != nil {
				t.Fatal(err)
			}
			limit = max(1e-2, 3*d.Relative())
		}
		for output, g := range got.Outputs {
			d, err := verify.Compare(g, w)
			if err != nil {
				t.Errorf("%s: output %s: %v", name, output, err)
			} else if d.Relative() > limit {
				t.Errorf("%s: output %s, sample %d: off by %.3g of the range", name, output, sample, d.Relative())
			}
		}
	}
}
