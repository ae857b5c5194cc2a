package coreml_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	source_coreml "slipway/conversion/source/coreml"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/coreml"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// convert writes g; false where the target cannot express it.
func convert(t *testing.T, g *ir.Graph, dir, name, precision string) (string, *target.Artefact, bool) {
	t.Helper()
	ctx, reg := context.Background(), ops.Registry()
	o := target.Options{Name: name, Precision: precision, Registry: reg}
	if l := legalize.Run(ctx, g, reg, coreml.Target{}, o); l.Err() != nil {
		if os.Getenv("CONFORMANCE_VERBOSE") != "" {
			t.Logf("%s: %v", name, l)
		}
		return "", nil, false
	}
	var f *diag.Finding
	if _, err := (coreml.Target{}).Prepare(ctx, g, reg, o); errors.As(err, &f) {
		return "", nil, false // sizes that depend on data
	} else if err != nil {
		t.Errorf("%s: %v", name, err)
		return "", nil, false
	}
	a, err := coreml.Target{}.Write(ctx, g, dir, o)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return "", nil, false
	}
	return filepath.Join(dir, a.Files[0]), a, true
}

// run reads the package back and evaluates it on inputs in the graph's order.
func run(path string, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	reg := ops.Registry()
	m, err := source_coreml.Source{}.Open(context.Background(), path, source.Options{Registry: reg, NoMap: true})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	args := map[string]*tensor.Tensor{}
	for i, v := range m.Graph.Inputs {
		if args[v.Name], err = in[i].Cast(v.DType); err == nil && in[i].Rank() == 0 {
			args[v.Name], err = args[v.Name].Reshape(1)
		}
		if err != nil {
			return nil, err
		}
	}
	return testkit.Eval(reg, m.Graph, args)
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

// exceptions reads "case  reason" lines.
func exceptions(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for s := bufio.NewScanner(strings.NewReader(string(b))); s.Scan(); {
		if name, why, ok := strings.Cut(s.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			m[name] = strings.TrimSpace(why)
		}
	}
	return m
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

// difference is the largest absolute difference over the largest wanted number.
func difference(got, want *tensor.Tensor) (worst float64) {
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
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}

func compareAll(got, want []*tensor.Tensor) string {
	for i, w := range want {
		if w == nil || i >= len(got) || !slices.Equal(got[i].Shape(), w.Shape()) {
			return fmt.Sprintf("output %d is %v, want %v", i, got, want)
		}
		if d := difference(got[i], w); !(d <= 1e-4) {
			return fmt.Sprintf("output %d differs by %g of its range: got %.80s want %.80s", i, d, got[i], w)
		}
	}
	return ""
}

type written struct {
	name, path string
	in, want   []*tensor.Tensor
}

// TestConformance writes the official ONNX operator cases, reads them back and
// compares with the official results; coremltools rebuilds each.
func TestConformance(t *testing.T) {
	testkit.Python(t)
	reg, dir := ops.Registry(), t.TempDir()
	except := exceptions(t, "testdata/conformance.txt")
	var cases []written
	unsupported := 0
	for _, c := range testkit.ONNXCases(t) {
		var in []*tensor.Tensor
		for _, f := range c.Inputs {
			in = append(in, readProto(t, f))
		}
		if slices.Contains(in, nil) || len(c.Outputs) == 0 || readProto(t, c.Outputs[0]) == nil {
			continue
		}
		for _, bound := range []bool{false, true} {
			m, err := onnx.Source{}.Open(context.Background(), c.Model, source.Options{Registry: reg})
			if err != nil {
				unsupported++
				break
			}
			name := c.Name
			if bound {
				if len(m.Graph.Inputs) < 2 {
					break
				}
				if name += "+const"; bindInputs(m.Graph, reg, in) != nil {
					unsupported++
					continue
				}
			}
			path, _, ok := convert(t, m.Graph, dir, name, "fp32")
			m.Close()
			if !ok {
				unsupported++
				continue
			}
			w := written{name: name, path: path, in: in}
			for _, f := range c.Outputs {
				w.want = append(w.want, readProto(t, f))
			}
			cases = append(cases, w)
		}
	}
	var paths []string
	passed := map[string]bool{}
	for _, c := range cases {
		paths = append(paths, c.path)
		got, err := run(c.path, c.in)
		why := ""
		if err != nil {
			why = err.Error()
		} else {
			why = compareAll(got, c.want)
		}
		if _, excepted := except[c.name]; why != "" && !excepted {
			t.Errorf("%s: %s", c.name, why)
		} else if passed[c.name] = why == ""; why == "" && excepted {
			t.Errorf("%s passes now: remove it from the exceptions", c.name)
		}
	}
	t.Logf("%d cases pass, %d not supported by operators or target", len(passed), unsupported)
	why := rebuild(t, paths)
	for _, c := range cases {
		if why[c.path] != "" {
			t.Errorf("%s: coremltools: %s", c.name, why[c.path])
		}
	}
	t.Logf("coremltools rebuilt %d of %d", len(paths)-len(why), len(paths))
}
