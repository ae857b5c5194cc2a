package ncnn

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
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

// bind makes every input but the first a constant, as models have them.
func bind(g *ir.Graph, reg *op.Registry, in []*tensor.Tensor) error {
	p := g.Edit("bind", reg.Infer)
	for k, v := range g.Inputs[1:] {
		p.Replace(v, p.Const(v.Name, in[k+1]))
	}
	if err := p.Done(); err != nil {
		return err
	}
	g.Inputs = g.Inputs[:1]
	return reg.InferGraph(g)
}

// TestConformance writes the official ONNX operator cases and runs them with
// ncnn's own package: once with all inputs open, once simplified with all but
// the first made constant. What the target refuses is no case.
func TestConformance(t *testing.T) {
	python(t)
	reg, ctx := ops.Registry(), context.Background()
	except := exceptions(t, "testdata/conformance.txt")
	dir := t.TempDir()
	type check struct {
		name string
		want []*tensor.Tensor
	}
	var jobs []job
	var checks []check
	refused := 0
	for _, c := range testkit.ONNXCases(t) {
		var in, want []*tensor.Tensor
		for _, f := range c.Inputs {
			in = append(in, readProto(t, f))
		}
		for _, f := range c.Outputs {
			want = append(want, readProto(t, f))
		}
		if slices.Contains(in, nil) || slices.Contains(want, nil) || len(in) == 0 {
			continue
		}
		for _, bound := range []bool{false, true} {
			m, err := onnx.Source{}.Open(ctx, c.Model, source.Options{Registry: reg})
			if err != nil {
				break
			}
			defer m.Close()
			g, name := m.Graph, c.Name
			if bound {
				name += "+const"
				if len(g.Inputs) > 1 && bind(g, reg, in) != nil {
					continue
				}
				if _, err := passes.Simplify(ctx, g, reg, nil, nil, nil, nil); err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
			}
			if slices.ContainsFunc(g.Outputs, func(v *ir.Value) bool { return v.DType != tensor.Float32 }) ||
				slices.ContainsFunc(g.Inputs, func(v *ir.Value) bool { return v.DType != tensor.Float32 || slices.Contains(full(v), 0) }) {
				continue
			}
			if legalize.Run(ctx, g, reg, Target{}, target.Options{}).Err() != nil {
				refused++
				continue
			}
			if _, err := (Target{}).Prepare(ctx, g, reg, target.Options{}); err != nil {
				refused++
				continue
			}
			j := job{dir: dir, name: fmt.Sprint("case", len(jobs)), inputs: in[:len(g.Inputs)], outputs: len(g.Outputs)}
			if _, err := (Target{}).Write(ctx, g, dir, target.Options{Name: j.name}); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			jobs, checks = append(jobs, j), append(checks, check{name, want})
		}
	}
	passed := 0
	for k, r := range vendor(t, jobs) {
		c := checks[k]
		why := r.err
		for o := 0; o < len(r.outputs) && why == ""; o++ {
			if d := differs(r.outputs[o], c.want[o].Float32s()); !(d <= 1e-4) {
				why = fmt.Sprintf("output %d differs by %.3g of its range", o, d)
			} else if !slices.Equal(r.dims[o], natural(c.want[o].Shape())) {
				why = fmt.Sprintf("output %d is %v, want %v", o, r.dims[o], c.want[o].Shape())
			}
		}
		switch {
		case why != "" && !except[c.name]:
			t.Errorf("%s: %s (%s)", c.name, why, jobs[k].name)
		case why == "" && except[c.name]:
			t.Errorf("%s passes now: remove it from the exceptions", c.name)
		case why == "":
			passed++
		}
	}
	t.Logf("%d cases passed, %d are refused by the target", passed, refused)
}
