package all_test

import (
	"context"
	"path/filepath"
	"testing"

	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/target/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestUnusualScales: scales that ONNX allows and few quantizers write give what they
// say, on every target that a vendor's Python package runs here.
func TestUnusualScales(t *testing.T) {
	testkit.Python(t)
	reg, ctx := ops.Registry(), context.Background()
	for name, runtime := range ortRuntimes {
		tg, err := all.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		var jobs []testkit.Job
		var want []*tensor.Tensor
		for _, c := range testkit.ScaleCases {
			g, feeds := c.Graph(t, reg)
			if f := reg.CheckScales(g); len(f) > 0 {
				t.Fatalf("%s: %v", c.Name, f)
			}
			want = append(want, testkit.Compute(t, g, reg, feeds)[0])
			if l := legalize.Run(ctx, g, reg, tg, target.Options{}); l.Err() != nil {
				t.Fatalf("%s: %v", c.Name, l)
			}
			if _, err := tg.Prepare(ctx, g, reg, target.Options{}); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			dir := t.TempDir()
			a, err := tg.Write(ctx, g, dir, target.Options{Name: "m"})
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			jobs = append(jobs, testkit.Job{Runtime: runtime, Model: filepath.Join(dir, a.Files[0]), Inputs: feeds})
		}
		for i, r := range testkit.Vendor(t, jobs) {
			c := testkit.ScaleCases[i]
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				if r.Err != "" {
					t.Fatal(r.Err)
				}
				for _, got := range r.Outputs {
					if d := c.Steps(got, want[i]); d > 1.01 {
						t.Errorf("wrong by %.1f steps", d)
					}
				}
			})
		}
	}
}
