package onnx_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	source_onnx "slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// exceptions reads "case  reason" lines.
func exceptions(t *testing.T, file string) map[string]bool {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, _, ok := strings.Cut(s.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			m[name] = true
		}
	}
	return m
}

// readProto reads a tensor; nil for sequences and for what numpy cannot hold.
func readProto(t *testing.T, file string) *tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := source_onnx.ReadTensorProto(b)
	if err != nil || x.DType().Bits() < 8 || x.DType().Bits() > 64 || x.DType() == tensor.BFloat16 || x.DType().IsFloat() && x.DType().Bits() == 8 {
		return nil
	}
	return x
}

// bindInputs makes every input but the first a constant, as models have them.
func bindInputs(g *ir.Graph, reg *op.Registry, in []*tensor.Tensor) error {
	p := g.Edit("bind", reg.Infer)
	for i, v := range g.Inputs[1:] {
		p.Replace(v, p.Const(v.Name, in[i+1]))
	}
	if err := p.Done(); err != nil {
		return err
	}
	g.Inputs = g.Inputs[:1]
	return reg.InferGraph(g)
}

type check struct {
	name string
	outs []string
	want []*tensor.Tensor
	path string

	draws bool // the results are random numbers
}

// TestConformance writes the official operator cases again, as they are and
// simplified with all inputs but the first made constant, and runs them with
// ONNX Runtime. The official checker looks at each file too.
func TestConformance(t *testing.T) {
	python := testkit.Python(t)
	reg := ops.Registry()
	except := exceptions(t, "testdata/conformance.txt")
	dir := t.TempDir()
	var jobs []testkit.Job
	var checks []check
	unsupported := 0
	for _, c := range testkit.ONNXCases(t) {
		var in, want []*tensor.Tensor
		for _, f := range c.Inputs {
			in = append(in, readProto(t, f))
		}
		for _, f := range c.Outputs {
			want = append(want, readProto(t, f))
		}
		if slices.Contains(in, nil) || slices.Contains(want, nil) {
			continue
		}
		for _, simple := range []bool{false, true} {
			m, err := source_onnx.Source{}.Open(context.Background(), c.Model, source.Options{Registry: reg})
			if err != nil {
				unsupported++
				if testing.Verbose() {
					t.Logf("unsupported: %s: %v", c.Name, diag.FromError("", err)[0].Text)
				}
				break
			}
			defer m.Close()
			k := check{name: c.Name, want: want, draws: c.Draws()}
			if simple {
				k.name += "+simplified"
				if len(m.Graph.Inputs) > 1 {
					if err := bindInputs(m.Graph, reg, in); err != nil {
						unsupported++
						continue
					}
				}
				if _, err := passes.Simplify(context.Background(), m.Graph, reg, nil, nil, nil, nil); err != nil {
					t.Errorf("%s: %v", k.name, err)
					continue
				}
			}
			if l := legalize.Run(context.Background(), m.Graph, reg, onnx.Target{}, target.Options{}); l.Err() != nil {
				unsupported++
				if testing.Verbose() {
					t.Logf("unsupported: %s: %v", k.name, l.Errors()[0].Text)
				}
				continue
			}
			a, err := onnx.Target{}.Write(context.Background(), m.Graph, dir, target.Options{Name: fmt.Sprint("case", len(jobs))})
			if err != nil {
				t.Errorf("%s: %v", k.name, err)
				continue
			}
			k.path = filepath.Join(dir, a.Files[0])
			job := testkit.Job{Runtime: "onnxruntime", Model: k.path, Inputs: map[string]*tensor.Tensor{}}
			for i, v := range m.Graph.Inputs {
				job.Inputs[v.Name] = in[i]
			}
			for _, v := range m.Graph.Outputs {
				k.outs = append(k.outs, v.Name)
			}
			jobs, checks = append(jobs, job), append(checks, k)
		}
	}
	wrong := checkAll(t, python, checks)
	passed := 0
	for i, r := range testkit.Vendor(t, jobs) {
		c := checks[i]
		why := wrong[c.path]
		if why == "" {
			why = outcome(c, r)
		}
		if c.draws && r.Err == "" {
			why = wrong[c.path]
		}
		switch {
		case why != "" && !except[c.name]:
			t.Errorf("%s: %s", c.name, why)
		case why == "" && except[c.name]:
			t.Errorf("%s passes now: remove it from the exceptions", c.name)
		case why == "":
			passed++
		}
	}
	t.Logf("%d cases passed, %d are not supported by operators or target", passed, unsupported)
}

func outcome(c check, r testkit.JobResult) string {
	if r.Err != "" {
		return r.Err[:min(len(r.Err), 300)]
	}
	for i, name := range c.outs {
		if err := testkit.Compare(r.Outputs[name], c.want[i], op.Tolerance{Abs: 1e-4, Rel: 1e-4}); err != nil {
			return fmt.Sprintf("output %s: %v", name, err)
		}
	}
	return ""
}

// checkAll runs the official checker on all files in one process.
func checkAll(t *testing.T, python string, checks []check) map[string]string {
	t.Helper()
	const script = `
import onnx, sys
for line in sys.stdin:
    try:
        onnx.checker.check_model(line.strip(), full_check=True)
    except Exception as e:
        print(line.strip() + "\t" + str(e).replace("\n", " "), flush=True)
`
	cmd := exec.Command(python, "-c", script)
	var list strings.Builder
	for _, c := range checks {
		list.WriteString(c.path + "\n")
	}
	cmd.Stdin = strings.NewReader(list.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, why, _ := strings.Cut(strings.TrimSpace(line), "\t")
		m[path] = "onnx.checker: " + why[:min(len(why), 300)]
	}
	return m
}
