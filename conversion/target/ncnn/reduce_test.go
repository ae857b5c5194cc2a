package ncnn

import (
	"context"
	"fmt"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestReduceOfOne reduces axes of single elements, as a batch of 1 is one, alone
// and among others.
func TestReduceOfOne(t *testing.T) {
	reg := ops.Registry()
	var jobs []job
	var names []string
	var want [][]float32
	for op := range reduceOps {
		for axes, keep := range map[string]int{"[0]": 1, "[0] ": 0, "[2]": 0, "[0,2]": 0, "[1,2]": 1, "": 1} {
			list, count, noop, first := axes, 1, 0, "Neg"
			if op == "ReduceLogSum" {
				first = "Relu" // which has a logarithm
			}
			switch axes {
			case "":
				count, noop = 0, 1
				list = "[]"
			case "[0,2]", "[1,2]":
				count = 2
			}
			text := fmt.Sprintf("graph g {\n  input %%x : f32[1,3,1,2]\n  const %%a : i64[%d] = %s\n  %%r : ?[?] = %s(%%x) @r\n  %%y : ?[?] = %s(%%r, %%a) {keepdims=%d, noop_with_empty_axes=%d} @y\n  output %%y\n}\n", count, list, first, op, keep, noop)
			g, err := ir.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := reg.InferGraph(g); err != nil {
				t.Fatal(err)
			}
			x := tensor.Of([]float32{1, 2, 3, 4, 0.5, 0.25}, 1, 3, 1, 2)
			out, err := testkit.Eval(reg, g, map[string]*tensor.Tensor{"x": x})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if _, err := (Target{}).Write(context.Background(), g, dir, target.Options{Name: "g"}); err != nil {
				t.Errorf("%s over %s: %v", op, axes, err)
				continue
			}
			jobs, names = append(jobs, job{dir, "g", []*tensor.Tensor{x}, 1}), append(names, op+" over "+axes)
			want = append(want, out[0].Float32s())
		}
	}
	for i, got := range vendor(t, jobs) {
		if got.err != "" {
			t.Errorf("%s: %s", names[i], got.err)
		} else if d := differs(got.outputs[0], want[i]); d > 1e-5 {
			t.Errorf("%s: %v, want %v", names[i], got.outputs[0], want[i])
		}
	}
}
