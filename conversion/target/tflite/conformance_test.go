package tflite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// exceptions reads "case  reason" lines.
func exceptions(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, why, ok := strings.Cut(s.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			m[name] = strings.TrimSpace(why)
		}
	}
	return m
}

func readProto(t *testing.T, file string) *tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := onnx.ReadTensorProto(b)
	if err != nil {
		return nil // sequences and optionals
	}
	return x
}

// unfit is for what numpy cannot hold.
func unfit(x *tensor.Tensor) bool {
	return x == nil || x.DType().Bits() < 8 || x.DType() == tensor.BFloat16 || x.DType() == tensor.String
}

// bindInputs makes every input but the first a constant, as models have them.
func bindInputs(g *ir.Graph, reg *op.Registry, in []*tensor.Tensor) error {
	p := g.Edit("bind", reg.Infer)
	for i, v := range g.Inputs[1:] {
		if v.DType != tensor.String {
			p.Replace(v, p.Const(v.Name, in[i+1]))
		}
	}
	if err := p.Done(); err != nil {
		return err
	}
	g.Inputs = g.Inputs[:1]
	return reg.InferGraph(g)
}

type conformanceCheck struct {
	name string
	want []*tensor.Tensor
	outs []string
}

// TestConformance writes the official ONNX operator cases and runs them with the
// vendor's Python package, with the CPU delegate and with the reference kernels:
// once with all inputs open, once with all but the first made constant.
func TestConformance(t *testing.T) {
	testkit.Python(t)
	reg := all.Registry()
	except := exceptions(t, "testdata/conformance.txt")
	only := os.Getenv("CONFORMANCE_ONLY")
	dir := t.TempDir()
	var jobs []testkit.Job
	var checks []conformanceCheck
	unsupported := 0
	for _, c := range testkit.ONNXCases(t, "node", "pytorch-converted", "pytorch-operator", "simple") {
		if only != "" && !strings.Contains(c.Name, only) {
			continue
		}
		var in []*tensor.Tensor
		for _, f := range c.Inputs {
			in = append(in, readProto(t, f))
		}
		if slices.ContainsFunc(in, unfit) || unfit(readProto(t, c.Outputs[0])) {
			continue
		}
		for _, bound := range []bool{false, true} {
			m, err := onnx.Source{}.Open(context.Background(), c.Model, source.Options{Registry: reg})
			if err != nil {
				unsupported++
				break
			}
			defer m.Close()
			name := c.Name
			if bound {
				if len(m.Graph.Inputs) < 2 {
					break
				}
				name += "+const"
				if err := bindInputs(m.Graph, reg, in); err != nil {
					unsupported++
					continue
				}
			}
			job, outs, err := writeCase(reg, m.Graph, dir, len(jobs), in)
			if err != nil {
				unsupported++
				if os.Getenv("CONFORMANCE_VERBOSE") != "" {
					t.Logf("unsupported: %s: %v", name, err)
				}
				if !strings.HasPrefix(err.Error(), "legal: ") {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			k := conformanceCheck{name: name, outs: outs}
			for _, f := range c.Outputs {
				k.want = append(k.want, readProto(t, f))
			}
			ref := job
			ref.Reference = true
			kr := k
			kr.name += "+ref"
			jobs, checks = append(jobs, job, ref), append(checks, k, kr)
		}
	}
	passed := 0
	for i, r := range testkit.Vendor(t, jobs) {
		c := checks[i]
		if strings.Contains(r.Err, "Didn't find op") && jobs[i].Reference {
			continue // the reference resolver lacks a few operators that the default one has
		}
		why := compareCase(c, r)
		_, excepted := except[c.name]
		switch {
		case why != "" && !excepted:
			t.Errorf("%s: %s", c.name, why)
		case why == "" && excepted:
			t.Errorf("%s passes now: remove it from the exceptions", c.name)
		case why == "":
			passed++
		}
	}
	t.Logf("%d runs passed, %d cases not supported by operators or target", passed, unsupported)
}

func writeCase(reg *op.Registry, g *ir.Graph, dir string, id int, in []*tensor.Tensor) (testkit.Job, []string, error) {
	ctx := context.Background()
	if err := legalize.Run(ctx, g, reg, Target{}, target.Options{}).Err(); err != nil {
		return testkit.Job{}, nil, fmt.Errorf("legal: %w", err)
	}
	a, err := Target{}.Write(ctx, g, dir, target.Options{Name: fmt.Sprint("case", id)})
	if err != nil {
		return testkit.Job{}, nil, err
	}
	job := testkit.Job{Runtime: "litert", Model: filepath.Join(dir, a.Files[0]), Inputs: map[string]*tensor.Tensor{}}
	for i, v := range g.Inputs {
		job.Inputs[v.Name] = in[i]
	}
	var outs []string
	for _, v := range g.Outputs {
		outs = append(outs, v.Name)
	}
	return job, outs, nil
}

func compareCase(c conformanceCheck, r testkit.JobResult) string {
	if r.Err != "" {
		return r.Err[:min(len(r.Err), 400)]
	}
	for i, name := range c.outs {
		got, want := r.Outputs[name], c.want[i]
		if got == nil {
			return "lacks output " + name
		}
		if !slices.Equal(got.Shape(), want.Shape()) {
			return fmt.Sprintf("output %s is %v, want %v", name, got, want)
		}
		if d := difference(got, want); !(d <= 1e-4) {
			return fmt.Sprintf("output %s differs by %g of its range: got %.60s want %.60s", name, d, got, want)
		}
	}
	return ""
}
