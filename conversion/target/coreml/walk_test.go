package coreml_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ops "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	sourceall "slipway/conversion/source/all"
	"slipway/conversion/target"
	targetall "slipway/conversion/target/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// walked is one output of a program that numpy computed.
type walked struct {
	Name, File, Text string
	Shape            []int

	values *tensor.Tensor
}

// walk has numpy compute the package on inputs, over the typed program that
// coremltools rebuilds from it. The test is skipped where STUDIO_COREML_VENV
// names no environment that has coremltools.
func walk(t *testing.T, path string, inputs map[string]*tensor.Tensor) []walked {
	t.Helper()
	return walkAll(t, []walkJob{{path, inputs}})[0]
}

// walkJob is a package and what it is computed on.
type walkJob struct {
	path   string
	inputs map[string]*tensor.Tensor
}

// walkAll is walk of one package after the other.
func walkAll(t *testing.T, jobs []walkJob) [][]walked {
	t.Helper()
	python := coremltools(t)
	var lines bytes.Buffer
	for _, j := range jobs {
		lines.Write(walkLine(t, j))
	}
	cmd := exec.Command(python, "-B", filepath.Join("testdata", "walk"))
	cmd.Stdin = &lines
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var all [][]walked
	s := bufio.NewScanner(bytes.NewReader(out))
	for s.Buffer(nil, 1<<20); s.Scan(); {
		var r struct {
			Error   string
			Ops     int
			Outputs []walked
		}
		if json.Unmarshal(s.Bytes(), &r) != nil || r.Error == "" && r.Ops == 0 {
			continue // coremltools talks, too
		}
		if r.Error != "" {
			t.Fatalf("numpy: %s: %s", jobs[len(all)].path, r.Error)
		}
		for i := range r.Outputs {
			if o := &r.Outputs[i]; o.File != "" {
				b, err := os.ReadFile(o.File)
				if err != nil {
					t.Fatal(err)
				}
				if o.values, err = tensor.FromBytes(tensor.Float32, o.Shape, b); err != nil {
					t.Fatal(err)
				}
			}
		}
		all = append(all, r.Outputs)
	}
	if len(all) != len(jobs) {
		text := stderr.String()
		t.Fatalf("numpy: %d answers to %d jobs: %v %s", len(all), len(jobs), err, text[max(0, len(text)-600):])
	}
	return all
}

// walkLine is a job as the walker reads it.
func walkLine(t *testing.T, j walkJob) []byte {
	t.Helper()
	type input struct {
		Name  string `json:"name"`
		File  string `json:"file"`
		DType string `json:"dtype"`
		Shape []int  `json:"shape"`
	}
	job := struct {
		Path   string  `json:"path"`
		Dir    string  `json:"dir"`
		Inputs []input `json:"inputs"`
	}{Path: j.path, Dir: t.TempDir()}
	for i, f := range program(t, j.path).Main.Inputs {
		x := j.inputs[f.Name]
		if x == nil {
			t.Fatalf("no input %q", f.Name)
		}
		x, err := x.Cast(f.Type.DType)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(job.Dir, fmt.Sprintf("in%d.bin", i))
		if err := os.WriteFile(file, x.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		name := map[tensor.DType]string{tensor.Float32: "float32", tensor.Float16: "float16", tensor.Int32: "int32"}[f.Type.DType]
		job.Inputs = append(job.Inputs, input{f.Name, file, name, x.Shape()})
	}
	line, err := json.Marshal(&job)
	if err != nil {
		t.Fatal(err)
	}
	return append(line, '\n')
}

// converted is the main file that plan.Run writes.
func converted(t *testing.T, q plan.Request) string {
	t.Helper()
	q.Dir, q.Name = t.TempDir(), "net"
	r, err := plan.Run(context.Background(), q, plan.Env{Registry: ops.Registry(), Open: sourceall.Open, Target: targetall.Get}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK {
		t.Fatalf("not converted: %v", r.Findings)
	}
	return filepath.Join(q.Dir, r.Artefacts[0].Path)
}

// walkedNetworks are small networks of the zoo; STUDIO_WALK=all adds the others,
// the classic ones of the package onnx and some of today's, where `make models`
// wrote them.
func walkedNetworks(t *testing.T) map[string]string {
	zoo, out := testkit.Zoo(t), map[string]string{}
	for _, f := range []string{
		"tiny/mnist.onnx", "cifar/resnet20_cifar10.onnx", "torch/mobilenet_v3_small_raw.onnx",
		"imagenet/efficientnet-lite0.onnx", "imagenet/squeezenet_fp16.onnx", "detect/yolox_nano_coco.onnx",
	} {
		if p := filepath.Join(zoo, f); os.Getenv("STUDIO_WALK") == "all" || strings.HasPrefix(f, "tiny") || strings.HasPrefix(f, "cifar") {
			out[strings.TrimSuffix(filepath.Base(f), ".onnx")] = p
		}
	}
	if os.Getenv("STUDIO_WALK") != "all" {
		return out
	}
	more, err := filepath.Glob(filepath.Join(testkit.Root(t), ".cache", "models", "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range more {
		name := strings.TrimSuffix(filepath.Base(p), ".onnx")
		if strings.HasPrefix(name, "light_") || slices.Contains([]string{"mobilenet_v2", "vit_b_16", "swin_t", "yolo", "convnext_t", "deeplabv3", "encoder"}, name) {
			out[name] = p
		}
	}
	return out
}

// TestWalk compares what numpy computes from packages with what ONNX Runtime
// computes from their sources. Where weights are stored in few bits, the source
// has the same weights.
func TestWalk(t *testing.T) {
	coremltools(t)
	for name, model := range walkedNetworks(t) {
		m, err := sourceall.Open(context.Background(), model, source.Options{Registry: ops.Registry()})
		if err != nil {
			t.Fatal(err)
		}
		span := 1.0
		if name == "yolox_nano_coco" || name == "squeezenet_fp16" {
			span = 255
		}
		in, names := randomInputs(t, m.Graph, span), []string{}
		for _, v := range m.Graph.Inputs {
			names = append(names, v.Name)
		}
		m.Close()
		for _, c := range []struct {
			name string
			set  func(*plan.Recipe)
			tol  float64
		}{
			{"fp32", func(*plan.Recipe) {}, 1e-4},
			{"fp16", func(r *plan.Recipe) { r.Precision = "fp16" }, 0.05},
			{"int4", func(r *plan.Recipe) { r.CoreML.Weights = "int4" }, 1e-4},
			{"palette6", func(r *plan.Recipe) { r.CoreML.Weights, r.CoreML.Bits = "palette", "6" }, 1e-4},
			{"attention", func(r *plan.Recipe) { r.CoreML.Attention = true }, 1e-4},
		} {
			if (c.name == "int4" || c.name == "palette6") && (testing.Short() || strings.HasPrefix(name, "light_") || name == "yolox_nano_coco") {
				continue
			}
			if c.name == "attention" && name != "vit_b_16" && name != "encoder" && name != "swin_t" {
				continue
			}
			t.Run(name+"/"+c.name, func(t *testing.T) {
				r := plan.Default()
				c.set(&r)
				from := model
				if r.Compresses("coreml") {
					plain := r.Clone()
					plain.Precision = "fp32"
					from = converted(t, plan.Request{Model: model, Target: "onnx", Recipe: plain, As: "coreml"})
				}
				args, wanted := map[string]*tensor.Tensor{}, map[string]*tensor.Tensor{}
				for i, n := range names {
					args[legalInput(n)], wanted[n] = in[i], in[i]
				}
				ort := testkit.Vendor(t, []testkit.Job{{Runtime: "onnxruntime", Model: from, Inputs: wanted}})[0]
				if ort.Err != "" {
					t.Fatal(ort.Err)
				}
				got := walk(t, converted(t, plan.Request{Model: model, Target: "coreml", Recipe: r}), args)
				if len(got) != len(ort.Outputs) {
					t.Fatalf("%d outputs, ONNX Runtime gives %d", len(got), len(ort.Outputs))
				}
				for want, y := range ort.Outputs {
					i := slices.IndexFunc(got, func(g walked) bool { return g.Name == legalInput(want) })
					if i < 0 {
						t.Fatalf("no output %q", want)
					}
					d, _ := testkit.Difference(got[i].values, y)
					t.Logf("%s: %.2g of the range", want, d)
					if !(d <= c.tol) || got[i].values.Len() != y.Len() {
						t.Errorf("%s differs by %g of its range", want, d)
					}
				}
			})
		}
	}
}

// legalInput is a name as programs have it.
func legalInput(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			b[i] = '_'
		}
	}
	if b[0] >= '0' && b[0] <= '9' {
		return "_" + string(b)
	}
	return string(b)
}

// TestWalkClassifier holds what numpy makes of a picture against the scores that
// ONNX Runtime gives for the scaled tensor.
func TestWalkClassifier(t *testing.T) {
	coremltools(t)
	model := filepath.Join(testkit.Zoo(t), "cifar", "resnet20_cifar10.onnx")
	m, err := sourceall.Open(context.Background(), model, source.Options{Registry: ops.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	name := m.Graph.Inputs[0].Name
	m.Close()
	p := &target.Picture{Mean: []float64{0.49, 0.48, 0.45}, Std: []float64{0.25, 0.24, 0.26}, Range: 1}
	c := &target.Classes{Softmax: true, Labels: []string{"plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}}
	pixels, scaled := make([]float32, 3*32*32), make([]float32, 3*32*32)
	a, b := p.Scale()
	for i := range pixels {
		pixels[i] = float32(i * i % 251)
		scaled[i] = float32(float64(pixels[i])*a[i/1024] + b[i/1024])
	}
	ort := testkit.Vendor(t, []testkit.Job{{Runtime: "onnxruntime", Model: model, Inputs: map[string]*tensor.Tensor{name: tensor.Of(scaled, 1, 3, 32, 32)}}})[0]
	if ort.Err != "" {
		t.Fatal(ort.Err)
	}
	path := converted(t, plan.Request{Model: model, Target: "coreml", Recipe: plan.Default(), Picture: p, Classes: c})
	got := walk(t, path, map[string]*tensor.Tensor{legalInput(name): tensor.Of(pixels, 1, 3, 32, 32)})
	for _, y := range ort.Outputs {
		v, best := y.Float64s(), 0
		for i := range v {
			if v[i] > v[best] {
				best = i
			}
		}
		if len(got) != 3 || got[0].Text != c.Labels[best] {
			t.Fatalf("got %+v, the best class is %q", got, c.Labels[best])
		}
		if d, _ := testkit.Difference(got[2].values, y); !(d <= 1e-4) {
			t.Errorf("scores differ by %g of their range", d)
		}
	}
}
