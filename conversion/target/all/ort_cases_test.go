package all_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// ortRuntimes are the targets that a vendor's Python package runs here.
var ortRuntimes = map[string]string{"onnx": "onnxruntime", "openvino": "openvino", "tflite": "litert"}

// TestORTCases writes operators of com.microsoft and rare forms of standard ones
// for every target and compares what its runtime computes with ONNX Runtime: a
// case passes or is refused with a finding.
func TestORTCases(t *testing.T) {
	cases := testkit.ORTCases(t)
	if testing.Short() || os.Getenv("CI") != "" {
		some := cases[:0]
		for i, c := range cases {
			if i%8 == 0 {
				some = append(some, c)
			}
		}
		cases = some
	}
	for name, runtime := range ortRuntimes {
		t.Run(name, func(t *testing.T) {
			tg, err := all.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			var jobs []testkit.Job
			var ran []testkit.ONNXCase
			var outs [][]string
			refused := map[string]diag.List{}
			for _, c := range cases {
				job, names, why := write(t, tg, c)
				if why != nil {
					refused[c.Name] = why
					continue
				}
				job.Runtime = runtime
				jobs, ran, outs = append(jobs, job), append(ran, c), append(outs, names)
			}
			for i, r := range testkit.Vendor(t, jobs) {
				c := ran[i]
				if r.Err != "" {
					t.Errorf("%s: %.300s", c.Name, r.Err)
					continue
				}
				for k, v := range outs[i] {
					want := readProto(t, c.Outputs[k])
					tol := op.Tolerance{Abs: 2e-5, Rel: 1e-4}
					if want.DType().Bits() == 8 && want.DType().IsInt() {
						tol.Abs = 1
					}
					got := r.Outputs[v]
					if got != nil && got.Len() == want.Len() && got.Rank() != want.Rank() {
						got, _ = got.Reshape(want.Shape()...)
					}
					if err := testkit.Compare(got, want, tol); err != nil {
						t.Errorf("%s: output %d: %v", c.Name, k, err)
					}
				}
			}
			t.Logf("%d cases run, %d are refused", len(ran), len(refused))
			for _, c := range cases {
				if l := refused[c.Name]; l != nil {
					t.Logf("%s: %.200v", c.Name, l)
				}
			}
		})
	}
}

// write converts a case; its inputs but the first few floating-point ones, which
// models compute, become constants.
func write(t *testing.T, tg target.Target, c testkit.ONNXCase) (testkit.Job, []string, diag.List) {
	t.Helper()
	ctx, reg, dir := context.Background(), ops.Registry(), t.TempDir()
	m, err := onnx.Source{}.Open(ctx, c.Model, source.Options{Registry: reg})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	defer m.Close()
	g := m.Graph
	p := g.Edit("bind", reg.Infer)
	job := testkit.Job{Inputs: map[string]*tensor.Tensor{}}
	var open []*ir.Value
	for i, v := range g.Inputs {
		x := readProto(t, c.Inputs[i])
		if i > 0 && (x.DType().IsInt() || x.Rank() == 0) {
			p.Replace(v, p.Const(v.Name, x))
			continue
		}
		job.Inputs[v.Name] = x
		open = append(open, v)
	}
	if err := p.Done(); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	g.Inputs = open
	if err := reg.InferGraph(g); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	o := target.Options{Name: "case", Registry: reg}
	if l := legalize.Run(ctx, g, reg, tg, o); l.Err() != nil {
		return job, nil, l
	}
	if l, err := tg.Prepare(ctx, g, reg, o); err != nil || l.Err() != nil {
		t.Fatalf("%s: %v %v", c.Name, err, l)
	}
	a, err := tg.Write(ctx, g, dir, o)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	job.Model = filepath.Join(dir, a.Files[0])
	var names []string
	for _, v := range g.Outputs {
		names = append(names, v.Name)
	}
	return job, slices.Clip(names), nil
}

func readProto(t *testing.T, path string) *tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := onnx.ReadTensorProto(b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
