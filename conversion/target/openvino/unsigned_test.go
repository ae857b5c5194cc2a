package openvino

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestUnsigned computes with 32-bit integers without a sign from 2^31 on. Where the
// CPU plugin gives others than the operators do, a warning says so, and where none
// does it gives the same.
func TestUnsigned(t *testing.T) {
	testkit.Python(t)
	x := tensor.Of([]uint32{5, 1<<31 - 1, 1 << 31, 1<<31 + 7, 1<<32 - 1, 3000000000}, 6)
	y := tensor.Of([]uint32{7, 1, 1<<31 + 5, 9, 3, 1 << 31}, 6)
	axis := tensor.Of([]int64{0}, 1)
	cases := []struct {
		op    string
		attrs ir.Attrs
		in    []*tensor.Tensor
		open  int
		warns bool
	}{
		{"Add", nil, []*tensor.Tensor{x, y}, 2, false},
		{"Sub", nil, []*tensor.Tensor{x, y}, 2, false},
		{"Mul", nil, []*tensor.Tensor{x, y}, 2, false},
		{"BitwiseAnd", nil, []*tensor.Tensor{x, y}, 2, false},
		{"Concat", ir.Attrs{"axis": int64(0)}, []*tensor.Tensor{x, y}, 2, false},
		{"Gather", nil, []*tensor.Tensor{x, tensor.Of([]int64{3, 4}, 2)}, 1, false},
		{"Cast", ir.Attrs{"to": int64(1)}, []*tensor.Tensor{x}, 1, false},
		{"Cast", ir.Attrs{"to": int64(7)}, []*tensor.Tensor{x}, 1, true},
		{"Max", nil, []*tensor.Tensor{x, y}, 2, true},
		{"Min", nil, []*tensor.Tensor{x, y}, 2, true},
		{"Div", nil, []*tensor.Tensor{x, y}, 2, true},
		{"Mod", nil, []*tensor.Tensor{x, y}, 2, true},
		{"Less", nil, []*tensor.Tensor{x, y}, 2, true},
		{"GreaterOrEqual", nil, []*tensor.Tensor{x, y}, 2, true},
		{"ReduceMax", nil, []*tensor.Tensor{x, axis}, 1, true},
	}
	reg := all.Registry()
	var jobs []testkit.Job
	var wants []*tensor.Tensor
	var warned []bool
	for _, c := range cases {
		feeds := map[string]*tensor.Tensor{}
		var consts []int
		for i, v := range c.in {
			if i < c.open {
				feeds[fmt.Sprintf("in%d", i)] = v
			} else {
				consts = append(consts, i)
			}
		}
		g, err := testkit.Node(reg, c.op, c.attrs, 1, c.in, consts...)
		if err != nil {
			t.Fatal(err)
		}
		want, err := testkit.Eval(reg, g, feeds)
		if err != nil {
			t.Fatal(err)
		}
		dir, a := write(t, g, target.Options{})
		jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds})
		wants = append(wants, want[0])
		warned = append(warned, slices.ContainsFunc(a.Findings, func(f *diag.Finding) bool { return f.Code == "openvino.uint32" && f.Severity == diag.Warning }))
	}
	for i, r := range testkit.Vendor(t, jobs) {
		c := cases[i]
		if r.Err != "" {
			t.Errorf("%s: %s", c.op, r.Err)
			continue
		}
		if warned[i] != c.warns {
			t.Errorf("%s: warns %v, want %v", c.op, warned[i], c.warns)
		}
		err := testkit.Compare(r.Outputs["out0"], wants[i], op.Exact)
		if same := err == nil; same == c.warns {
			t.Errorf("%s: with the warning %v: %v, want %v", c.op, c.warns, r.Outputs["out0"], wants[i])
		}
	}
}

// TestUnsignedConstant: the plugin ends constants at 2^31-1.
func TestUnsignedConstant(t *testing.T) {
	for value, legal := range map[uint32]bool{1<<31 - 1: true, 1<<31 + 1: false} {
		g := build(t, func(g *ir.Graph) {
			x := g.AddInput("x", tensor.Uint32, ir.Dims(3))
			g.Outputs = g.AddNode("Add", "sum", nil, []*ir.Value{x, g.AddConst("c", tensor.Scalar(value))}, "y").Outputs
		})
		if f := (Target{}).Legal(g.Nodes[0], target.Options{}); (f == nil) != legal {
			t.Errorf("a constant of %d: %v", value, f)
		}
	}
}
