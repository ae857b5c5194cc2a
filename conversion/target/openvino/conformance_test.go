package openvino

import (
	"bufio"
	"context"
	"fmt"
	"math"
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

// bind makes every input but the first a constant, as models have them.
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

type conformanceJob struct {
	name string
	want []*tensor.Tensor
	outs []string
	tol  float64
}

// TestConformance writes the official ONNX operator cases as IR and runs them
// with OpenVINO's own Python package: once with all inputs open, once with all
// but the first made constant.
func TestConformance(t *testing.T) {
	testkit.Python(t)
	reg := all.Registry()
	except := exceptions(t, "testdata/conformance.txt")
	dir := t.TempDir()
	var jobs []testkit.Job
	var checks []conformanceJob
	unsupported := 0
	for i, c := range testkit.ONNXCases(t) {
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
			if !bound && len(m.Graph.Inputs) > 1 && i%4 != 0 {
				continue // every fourth case runs in both forms
			}
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
			job, outs, ok := writeCase(t, reg, m.Graph, dir, len(jobs), in)
			if !ok {
				unsupported++
				if os.Getenv("CONFORMANCE_VERBOSE") != "" {
					t.Logf("unsupported: %s", name)
				}
				continue
			}
			k := conformanceJob{name: name, outs: outs, tol: 1e-4}
			for _, f := range c.Outputs {
				k.want = append(k.want, readProto(t, f))
			}
			jobs, checks = append(jobs, job), append(checks, k)
		}
	}
	passed := 0
	for i, r := range testkit.Vendor(t, jobs) {
		c := checks[i]
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
	t.Logf("%d cases passed, %d not supported by operators or target", passed, unsupported)
}

func writeCase(t *testing.T, reg *op.Registry, g *ir.Graph, dir string, id int, in []*tensor.Tensor) (testkit.Job, []string, bool) {
	t.Helper()
	ctx := context.Background()
	if l := legalize.Run(ctx, g, reg, Target{}, target.Options{}); l.Err() != nil {
		if os.Getenv("CONFORMANCE_VERBOSE") != "" {
			t.Log(l)
		}
		return testkit.Job{}, nil, false
	}
	a, err := Target{}.Write(ctx, g, dir, target.Options{Name: fmt.Sprint("case", id)})
	if err != nil {
		t.Errorf("case %d (%s): %v", id, g.Name, err)
		return testkit.Job{}, nil, false
	}
	job := testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, a.Files[0]), Inputs: map[string]*tensor.Tensor{}}
	for i, v := range g.Inputs {
		job.Inputs[v.Name] = in[i]
	}
	var outs []string
	for _, v := range g.Outputs {
		outs = append(outs, v.Name)
	}
	return job, outs, true
}

func compareCase(c conformanceJob, r testkit.JobResult) string {
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
		if d, at := difference(got, want); !(d <= c.tol) {
			return fmt.Sprintf("output %s differs by %g of its range at %d: got %.60s want %.60s", name, d, at, got, want)
		}
	}
	return ""
}

// difference is the largest absolute difference relative to the range of want.
func difference(got, want *tensor.Tensor) (worst float64, at int) {
	g, w := got.Float64s(), want.Float64s()
	scale := 1e-6
	for _, x := range w {
		if !math.IsInf(x, 0) && !math.IsNaN(x) {
			scale = max(scale, math.Abs(x))
		}
	}
	if want.DType() == tensor.Float16 || got.DType() == tensor.Float16 {
		scale *= 32
	}
	for i := range w {
		if w[i] == g[i] || math.IsNaN(w[i]) && math.IsNaN(g[i]) {
			continue
		}
		d := math.Abs(w[i]-g[i]) / scale
		if d != d {
			return math.Inf(1), i
		}
		if d > worst {
			worst, at = d, i
		}
	}
	return worst, at
}
