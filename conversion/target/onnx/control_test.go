package onnx_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	source_onnx "slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/testkit"
)

// TestControlFlow writes graphs with bodies: the official checker takes them,
// ONNX Runtime computes what the reference does, and they read back the same.
func TestControlFlow(t *testing.T) {
	python := testkit.Python(t)
	reg := ops.Registry()
	for _, c := range slices.Concat(testkit.ControlCases, testkit.ControlShared, []testkit.ControlCase{testkit.ControlGrowing}) {
		t.Run(c.Name, func(t *testing.T) {
			g := c.Graph(t, reg)
			if l := legalize.Run(context.Background(), g, reg, onnx.Target{}, target.Options{}); l.Err() != nil {
				t.Fatal(l)
			}
			dir := t.TempDir()
			a, err := onnx.Target{}.Write(context.Background(), g, dir, target.Options{Name: "m"})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, a.Files[0])
			checkModel(t, python, path)
			m, err := source_onnx.Source{}.Open(context.Background(), path, source.Options{Registry: reg})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			var jobs []testkit.Job
			for _, f := range c.Feeds {
				jobs = append(jobs, testkit.Job{Runtime: "onnxruntime", Model: path, Inputs: f})
			}
			for i, r := range testkit.Vendor(t, jobs) {
				if r.Err != "" {
					t.Fatal(r.Err)
				}
				want := testkit.Compute(t, g, reg, c.Feeds[i])
				again := testkit.Compute(t, m.Graph, reg, c.Feeds[i])
				for k, o := range g.Outputs {
					testkit.Close(t, r.Outputs[o.Name], want[k], op.Elementwise)
					testkit.Close(t, again[k], want[k], op.Exact)
				}
			}
		})
	}
}
