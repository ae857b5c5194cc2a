package local

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
)

// sized is a model of testdata/open_sizes.py, whose sizes are open.
type sized struct {
	model, input string
	profile      target.Range
	fixed        [][]int64
	refused      []string // targets that lack an operator
}

var openModels = []sized{
	{model: "dyncnn", input: "x", profile: pictures, fixed: [][]int64{{1, 3, 64, 96}, {2, 3, 32, 32}}},
	{model: "dynvit", input: "x", profile: pictures, fixed: [][]int64{{1, 3, 64, 96}, {2, 3, 32, 32}}},
	{model: "dynmask", input: "x", profile: pictures, fixed: [][]int64{{1, 3, 64, 96}, {2, 3, 32, 32}}},
	{model: "dyntext", input: "ids", profile: target.Range{Min: []int64{1, 2}, Opt: []int64{1, 16}, Max: []int64{4, 32}}, fixed: [][]int64{{1, 12}, {3, 7}}, refused: []string{"ncnn"}},
}

var pictures = target.Range{Min: []int64{1, 3, 32, 32}, Opt: []int64{1, 3, 64, 64}, Max: []int64{4, 3, 256, 256}}

// openModelsIn writes the models.
func openModelsIn(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(testkit.Python(t), filepath.Join("testdata", "open_sizes.py"), dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// Sizes that a model leaves open stay open: one artefact matches its source at
// two batches and two picture sizes or lengths, on the target's own runtime.
func TestOpenSizes(t *testing.T) {
	m, dir := machine(t), t.TempDir()
	openModelsIn(t, dir)
	need(t, m, "ort")
	for _, c := range openModels {
		for _, name := range []string{"onnx", "openvino", "tflite", "tensorrt", "coreml"} {
			t.Run(c.model+"/"+name, func(t *testing.T) {
				env := m.Pipeline()
				info := env.Target(name).Info()
				need(t, m, info.Runtimes[0])
				env.Convert = inProcess
				r := plan.Default()
				r.Profile = map[string]target.Range{c.input: c.profile}
				res := matches(t, env, pipeline.Request{Model: filepath.Join(dir, c.model+".onnx"), Target: name, Recipe: r}, t.TempDir())
				shape := takes(t, env, name, res)
				for i := range c.profile.Min {
					open := c.profile.Min[i] < c.profile.Max[i]
					if len(shape) != len(c.profile.Min) || (shape[i] < 0) != open {
						t.Fatalf("the artefact's input is %v", shape)
					}
				}
			})
		}
	}
}

// Sizes that a model leaves open are fixed by --input-shape, at each of two; the
// short form tries one.
func TestFixedSizes(t *testing.T) {
	m, dir := machine(t), t.TempDir()
	openModelsIn(t, dir)
	need(t, m, "ort")
	for _, c := range openModels {
		for _, name := range networkTargets {
			for _, shape := range c.fixed {
				if testing.Short() && !slices.Equal(shape, c.fixed[0]) || name == "ncnn" && shape[0] != 1 {
					continue // ncnn has no batch
				}
				t.Run(fmt.Sprintf("%s/%s/%v", c.model, name, shape), func(t *testing.T) {
					env := m.Pipeline()
					env.Convert = inProcess
					path := filepath.Join(dir, c.model+".onnx")
					if name == "ncnn" {
						get, p := env.Runtime, newNCNN(t, m, path)
						p.in, p.out = shapesAt(t, m, path, shape)
						env.Runtime = func(name string) (runtimes.Runtime, error) {
							if name == "ncnn" {
								return p, nil
							}
							return get(name)
						}
					} else {
						need(t, m, env.Target(name).Info().Runtimes[0])
					}
					r := plan.Default()
					r.InputShapes = map[string][]int64{c.input: shape}
					if slices.Contains(c.refused, name) {
						refuses(t, env, pipeline.Request{Model: path, Target: name, Recipe: r}, t.TempDir())
						return
					}
					res := matches(t, env, pipeline.Request{Model: path, Target: name, Recipe: r}, t.TempDir())
					if name == "ncnn" {
						return // whose sizes are always fixed, here those that were compared
					}
					if got := takes(t, env, name, res); !slices.EqualFunc(got, shape, func(a int, b int64) bool { return int64(a) == b }) {
						t.Errorf("the artefact's input is %v", got)
					}
				})
			}
		}
	}
}

// takes is the shape of the artefact's input, -1 where a size is open.
func takes(t *testing.T, env *pipeline.Env, name string, res *pipeline.Result) []int {
	t.Helper()
	rt, err := env.Runtime(env.Target(name).Info().Runtimes[0])
	if err != nil {
		t.Fatal(err)
	}
	s, err := rt.Open(context.Background(), runtimes.Model{Path: res.Main(), Format: name}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Inputs()[0].Shape
}

func matches(t *testing.T, env *pipeline.Env, q pipeline.Request, out string) *pipeline.Result {
	t.Helper()
	res, err := env.RunTo(context.Background(), q, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Verify.Verdict != verify.Match {
		t.Fatalf("%s: %s\n%v", res.Verify.Verdict, res.Verify.Why, res.Findings)
	}
	return res
}

// refuses wants findings that name layers, and no file.
func refuses(t *testing.T, env *pipeline.Env, q pipeline.Request, out string) {
	t.Helper()
	res, err := env.RunTo(context.Background(), q, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Findings.Errors() {
		if f.Layer == "" && len(f.Layers) == 0 || f.Suggestion == "" {
			t.Errorf("%v names no layer, or says nothing of what to do", f)
		}
	}
	if len(res.Findings.Errors()) == 0 || res.OK {
		t.Errorf("%v with %v", res.Findings, res.Artefacts)
	}
}

// shapesAt is the model's interface when its only input has the shape.
func shapesAt(t *testing.T, m *Machine, path string, shape []int64) (in, out []runtimes.IO) {
	t.Helper()
	s := open(t, m, "ort", path)
	in, out = slices.Clone(s.Inputs()), slices.Clone(s.Outputs())
	in[0].Shape = nil
	for _, n := range shape {
		in[0].Shape = append(in[0].Shape, int(n))
	}
	y, err := s.Run(context.Background(), []*tensor.Tensor{tensor.New(in[0].DType, in[0].Shape...)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].Shape = y[i].Shape()
	}
	return in, out
}
