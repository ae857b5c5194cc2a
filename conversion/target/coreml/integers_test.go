package coreml_test

import (
	"fmt"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestIntegers computes 64-bit integers that 32 bits do not hold: where the
// package gives others than the operators do, a warning says so, and where none
// does it gives the same.
func TestIntegers(t *testing.T) {
	x, few, axis := []int64{1<<30 + 1, 1<<24 + 1, 77777777, -5, 1<<29 + 7, -(1<<27 + 3)}, []int64{3, 2, 7, 1, 5, 4}, []int64{0}
	y := []int64{1 << 30, 0, 0, 0, 1 << 30, -(1 << 30)}
	reg := ops.Registry()
	for i, c := range []struct {
		op    string
		in    [][]int64
		open  int // how many inputs are data; the others are constants
		warns bool
	}{
		{"Add", [][]int64{x, y}, 2, true},
		{"Mul", [][]int64{x, few}, 1, true},
		{"Mul", [][]int64{x, y}, 2, true},
		{"Pow", [][]int64{x, few}, 1, true},
		{"CumSum", [][]int64{{1 << 30, 1 << 30, 1 << 30}, axis}, 1, true},
		{"ReduceSum", [][]int64{{1 << 30, 1 << 30, 1 << 30}, axis}, 1, true},
		{"ReduceProd", [][]int64{x, axis}, 1, true},
		{"ReduceSumSquare", [][]int64{x, axis}, 1, true},
		{"ReduceL1", [][]int64{{1 << 30, 1 << 30, 1 << 30}, axis}, 1, true},
		{"MatMul", [][]int64{x, few}, 2, true},
		{"Add", [][]int64{x, few}, 1, false},
		{"Sub", [][]int64{x, few}, 1, false},
		{"Neg", [][]int64{x}, 1, false},
		{"Abs", [][]int64{x}, 1, false},
		{"Div", [][]int64{x, few}, 1, false},
		{"Mod", [][]int64{x, few}, 1, false},
		{"Equal", [][]int64{x, y}, 2, false},
		{"Max", [][]int64{x, y}, 2, false},
		{"ReduceMax", [][]int64{x, axis}, 1, false},
		{"Identity", [][]int64{x}, 1, false},
		{"Gather", [][]int64{x, {1, 0}}, 1, false},
		{"Tile", [][]int64{x, {2}}, 1, false},
	} {
		t.Run(fmt.Sprintf("%s %d", c.op, i), func(t *testing.T) {
			var in, open []*tensor.Tensor
			var consts []int
			feeds := map[string]*tensor.Tensor{}
			for k, v := range c.in {
				s := tensor.Of(v, len(v))
				if c.op == "CumSum" && k == 1 {
					s = tensor.Scalar(v[0])
				}
				if in = append(in, s); k >= c.open {
					consts = append(consts, k)
				} else {
					open, feeds[fmt.Sprintf("in%d", k)] = append(open, s), s
				}
			}
			g, err := testkit.Node(reg, c.op, ir.Attrs{}, 1, in, consts...)
			if err != nil {
				t.Fatal(err)
			}
			want, err := testkit.Eval(reg, g, feeds)
			if err != nil {
				t.Fatal(err)
			}
			path, a, ok := convert(t, g, t.TempDir(), "case", "fp32")
			if !ok {
				t.Fatal("is refused")
			}
			warns := false
			for _, f := range a.Findings {
				warns = warns || f.Code == "coreml.int64" && f.Severity == diag.Warning && len(f.Layers) == 1
			}
			if warns != c.warns {
				t.Errorf("warns %v, want %v: %v", warns, c.warns, a.Findings)
			}
			got, err := run(path, open)
			if err != nil {
				t.Fatal(err)
			}
			wide, err := got[0].Cast(want[0].DType())
			if err != nil {
				t.Fatal(err)
			}
			if same := testkit.Compare(wide, want[0], op.Exact) == nil; same == warns {
				t.Errorf("with warning %v: %v, want %v", warns, got[0], want[0])
			}
		})
	}
}
