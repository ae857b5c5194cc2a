package coreml_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/schema/mil"
	"slipway/conversion/source"
	source_coreml "slipway/conversion/source/coreml"
	"slipway/conversion/target"
	"slipway/conversion/target/coreml"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// convert writes g; false where the target cannot express it.
func convert(t *testing.T, g *ir.Graph, dir, name, precision string) (string, *target.Artefact, bool) {
	t.Helper()
	path, a, _, ok := convertWith(t, g, dir, target.Options{Name: name, Precision: precision, Registry: ops.Registry()})
	return path, a, ok
}

// convertWith is convert with all options; found is what Prepare had to say.
func convertWith(t *testing.T, g *ir.Graph, dir string, o target.Options) (path string, a *target.Artefact, found diag.List, ok bool) {
	t.Helper()
	ctx, reg, name := context.Background(), o.Registry, o.Name
	if l := legalize.Run(ctx, g, reg, coreml.Target{}, o); l.Err() != nil {
		return "", nil, l, false
	}
	var f *diag.Finding
	found, err := (coreml.Target{}).Prepare(ctx, g, reg, o)
	if errors.As(err, &f) {
		return "", nil, append(found, f), false // sizes that depend on data
	} else if err != nil {
		t.Errorf("%s: %v", name, err)
		return "", nil, found, false
	}
	a, err = coreml.Target{}.Write(ctx, g, dir, o)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return "", nil, found, false
	}
	return filepath.Join(dir, a.Files[0]), a, append(found, a.Findings...), true
}

// program is what the package at path holds.
func program(t *testing.T, path string) *mil.Model {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path, mil.ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mil.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// count is how many operations of a type a program has.
func count(m *mil.Model, typ string) (n int) {
	for _, o := range m.Main.Ops {
		if o.Type == typ {
			n++
		}
	}
	return n
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
