package openvino

import (
	"fmt"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestIntegers computes integers that single precision, or 32 bits, do not hold.
// Where the CPU plugin gives others than the operators do, a warning says so, and
// where none does it gives the same.
func TestIntegers(t *testing.T) {
	testkit.Python(t)
	x, y := []int64{1<<30 + 1, 1<<24 + 1, 77777777, -5, 1<<29 + 7, -(1<<27 + 3)}, []int64{1 << 30, 1 << 24, 77777776, -4, 1<<29 + 8, -(1<<27 + 2)}
	few, axis := []int64{3, 2, 7, 1, 5, 4}, []int64{0}
	const cut, rounded = "openvino.int64", "openvino.int-float"
	type whole struct {
		op    string
		attrs ir.Attrs
		in    [][]int64
		open  int    // how many inputs are data; the others are constants
		warns string // code of the warning of 64-bit integers
	}
	cases := []whole{
		{"Add", nil, [][]int64{x, y}, 2, cut},
		{"Sub", nil, [][]int64{x, {-(1 << 30), 0, 0, 0, 0, 0}}, 2, cut},
		{"Mul", nil, [][]int64{x, few}, 2, cut},
		{"Mul", nil, [][]int64{x, few}, 1, cut},
		{"Sum", nil, [][]int64{x, y, x}, 3, cut},
		{"ReduceProd", nil, [][]int64{x, axis}, 1, cut},
		{"Div", nil, [][]int64{x, few}, 2, rounded},
		{"Mod", nil, [][]int64{x, few}, 1, rounded},
		{"Mod", ir.Attrs{"fmod": int64(1)}, [][]int64{x, few}, 2, rounded},
		{"Pow", nil, [][]int64{few, {18, 18, 8, 18, 11, 13}}, 2, rounded},
		{"Equal", nil, [][]int64{x, y}, 2, rounded},
		{"Greater", nil, [][]int64{x, y}, 2, rounded},
		{"GreaterOrEqual", nil, [][]int64{y, x}, 1, rounded},
		{"Less", nil, [][]int64{y, x}, 1, rounded},
		{"LessOrEqual", nil, [][]int64{x, y}, 2, rounded},
		{"ReduceSum", nil, [][]int64{x, axis}, 1, rounded},
		{"ReduceMax", nil, [][]int64{x[1:], axis}, 1, rounded},
		{"ReduceMin", nil, [][]int64{x, axis}, 1, rounded},
		{"ReduceMean", nil, [][]int64{x, axis}, 1, rounded},
		{"ReduceL1", nil, [][]int64{x, axis}, 1, rounded},
		{"MatMul", nil, [][]int64{x, few}, 2, rounded},
		{"Einsum", ir.Attrs{"equation": "i,i->"}, [][]int64{x, few}, 2, rounded},
		{"Clip", nil, [][]int64{x, {1<<24 + 3}, {1 << 30}}, 1, rounded},
		{"Add", nil, [][]int64{x, few}, 1, ""},
		{"Clip", nil, [][]int64{x, {1<<24 + 3}}, 1, ""},
		{"Clip", nil, [][]int64{x, {-5}, {1 << 20}}, 1, ""},
		{"Sub", nil, [][]int64{x, few}, 1, ""},
		{"Neg", nil, [][]int64{x}, 1, ""},
		{"Abs", nil, [][]int64{x}, 1, ""},
		{"Sign", nil, [][]int64{x}, 1, ""},
		{"Max", nil, [][]int64{x, y}, 2, ""},
		{"Min", nil, [][]int64{x, y}, 2, ""},
		{"Identity", nil, [][]int64{x}, 1, ""},
		{"Gather", nil, [][]int64{x, {1, 0}}, 2, ""},
		{"Concat", ir.Attrs{"axis": int64(0)}, [][]int64{x, y}, 2, ""},
		{"Tile", nil, [][]int64{x, {2}}, 1, ""},
		{"BitwiseAnd", nil, [][]int64{x, y}, 2, ""},
		{"BitwiseNot", nil, [][]int64{x}, 1, ""},
		{"Equal", nil, [][]int64{x, few}, 1, ""},
		{"Less", nil, [][]int64{x, few}, 1, ""},
		{"Cast", ir.Attrs{"to": int64(1)}, [][]int64{x}, 1, ""},
		{"Cast", ir.Attrs{"to": int64(6)}, [][]int64{x}, 1, ""},
	}
	reg := all.Registry()
	var jobs []testkit.Job
	var wants []*tensor.Tensor
	var names []string
	var found []diag.List
	var codes []string
	for _, c := range cases {
		for _, d := range []tensor.DType{tensor.Int32, tensor.Int64} {
			var in []*tensor.Tensor
			var consts []int
			feeds := map[string]*tensor.Tensor{}
			for i, v := range c.in {
				e := d
				if i > 0 && (len(v) == 1 && c.op != "Clip" || c.op == "Gather") {
					e = tensor.Int64 // axes, places
				}
				s, err := tensor.FromInt64s(e, v, len(v))
				if len(v) == 1 && i > 0 && c.op == "Clip" {
					s, err = s.Reshape()
				}
				if err != nil {
					t.Fatal(err)
				}
				if in = append(in, s); i >= c.open {
					consts = append(consts, i)
				} else {
					feeds[fmt.Sprintf("in%d", i)] = s
				}
			}
			g, err := testkit.Node(reg, c.op, c.attrs.Clone(), 1, in, consts...)
			if err != nil {
				t.Fatal(err)
			}
			want, err := testkit.Eval(reg, g, feeds)
			if err != nil {
				t.Fatal(err)
			}
			dir, a := write(t, g, target.Options{})
			code := c.warns
			if d == tensor.Int32 && code == cut { // which has 32 bits in ONNX, too
				code = ""
			}
			jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds})
			wants, codes, found = append(wants, want[0]), append(codes, code), append(found, a.Findings)
			names = append(names, fmt.Sprintf("%s %v %d", c.op, d, c.open))
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		t.Run(names[i], func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			code := ""
			for _, f := range found[i] {
				if f.Severity == diag.Warning {
					code += f.Code
				}
			}
			if code != codes[i] {
				t.Errorf("warns %q, want %q", code, codes[i])
			}
			err := testkit.Compare(r.Outputs["out0"], wants[i], op.Tolerance{})
			if same := err == nil; same != (code == "") {
				t.Errorf("with the warning %q: %v, want %v", code, r.Outputs["out0"], wants[i])
			}
		})
	}
}

// TestIntegersLimited has a maximum before a minimum, which the CPU plugin makes
// one operation in floats.
func TestIntegersLimited(t *testing.T) {
	testkit.Python(t)
	for limit, warns := range map[int32]bool{1<<24 + 3: true, 100: false} {
		g := build(t, func(g *ir.Graph) {
			x := g.AddInput("x", tensor.Int32, ir.Dims(3))
			y := g.AddNode("Max", "above", nil, []*ir.Value{x, g.AddConst("lo", tensor.Scalar(-limit))}, "y").Outputs[0]
			g.Outputs = g.AddNode("Min", "below", nil, []*ir.Value{y, g.AddConst("hi", tensor.Scalar(limit))}, "z").Outputs
		})
		feeds := map[string]*tensor.Tensor{"x": tensor.Of([]int32{1 << 30, 5, -(1<<28 + 1)}, 3)}
		want, err := testkit.Eval(all.Registry(), g, feeds)
		if err != nil {
			t.Fatal(err)
		}
		dir, a := write(t, g, target.Options{})
		if told := len(a.Findings) == 1 && a.Findings[0].Code == "openvino.int-float"; told != warns {
			t.Errorf("limit %d: %v", limit, a.Findings)
		}
		r := testkit.Vendor(t, []testkit.Job{{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds}})[0]
		if r.Err != "" {
			t.Fatal(r.Err)
		}
		if same := testkit.Compare(r.Outputs["z"], want[0], op.Exact) == nil; same == warns {
			t.Errorf("limit %d: %v, want %v", limit, r.Outputs["z"], want[0])
		}
	}
}
