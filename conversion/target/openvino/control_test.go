package openvino

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/testkit"
)

// TestControlFlow runs graphs with bodies on OpenVINO.
func TestControlFlow(t *testing.T) {
	testkit.Python(t)
	reg := all.Registry()
	for _, c := range slices.Concat(testkit.ControlCases, testkit.ControlShared, []testkit.ControlCase{testkit.ControlGrowing}) {
		t.Run(c.Name, func(t *testing.T) {
			g := c.Graph(t, reg)
			if l := legalize.Run(context.Background(), g, reg, Target{}, target.Options{}); l.Err() != nil {
				t.Fatal(l)
			}
			dir := t.TempDir()
			a, err := Target{}.Write(context.Background(), g, dir, target.Options{Name: "m"})
			if err != nil {
				t.Fatal(err)
			}
			var jobs []testkit.Job
			for _, f := range c.Feeds {
				jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, a.Files[0]), Inputs: f})
			}
			for i, r := range testkit.Vendor(t, jobs) {
				if r.Err != "" {
					t.Fatal(r.Err)
				}
				want := testkit.Compute(t, g, reg, c.Feeds[i])
				for k, o := range g.Outputs {
					testkit.Close(t, r.Outputs[o.Name], want[k], op.Elementwise)
				}
			}
		})
	}
}
