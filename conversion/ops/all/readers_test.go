package all_test

import (
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestOldSpellings reads nodes as older operator sets spell them: what was an
// attribute must become an input.
func TestOldSpellings(t *testing.T) {
	n, h := ir.Symbol("N"), ir.Symbol("H")
	x := ir.Shape{n, ir.Static(3), h, ir.Static(8)}
	ints := func(v ...int64) []int64 { return v }
	for _, c := range []struct {
		op      string
		version int
		attrs   ir.Attrs
		extra   []*tensor.Tensor // inputs after the data
		want    string           // the node that results, its constants and its shape
	}{
		{"Squeeze", 11, ir.Attrs{"axes": ints(1)}, nil, "error axis 1 of [N,3,H,8] is not of size 1"},
		{"Unsqueeze", 11, ir.Attrs{"axes": ints(0, 5)}, nil, "Unsqueeze i64[2][0 5] [1,N,3,H,8,1]"},
		{"Split", 11, ir.Attrs{"axis": int64(1), "split": ints(1, 2)}, nil, "Split i64[2][1 2] [N,1,H,8] [N,2,H,8]"},
		{"Split", 2, ir.Attrs{"axis": int64(3)}, nil, "Split [N,3,H,4] [N,3,H,4]"},
		{"Split", 13, ir.Attrs{"axis": int64(1)}, nil, "error 3 does not split into 2 equal parts"},
		{"Split", 18, ir.Attrs{"axis": int64(1), "num_outputs": int64(2)}, nil, "Split [N,2,H,8] [N,1,H,8]"},
		{"Slice", 9, ir.Attrs{"starts": ints(1, 0), "ends": ints(9223372036854775807, -1), "axes": ints(2, 3)}, nil, "Slice i64[2][1 0] i64[2][9223372036854775807 -1] i64[2][2 3] [N,3,H-1,7]"},
		{"Slice", 9, ir.Attrs{"starts": ints(1)}, nil, "error lacks required attribute ends"},
		{"Pad", 2, ir.Attrs{"mode": "constant", "pads": ints(0, 0, 1, 1, 0, 0, 1, 2), "value": 0.5}, nil, "Pad i64[8][0 0 1 1 0 0 1 2] f32[][0.5] [N,3,H+2,11]"},
		{"Pad", 18, ir.Attrs{"pads": ints(1)}, []*tensor.Tensor{tensor.Of(make([]int64, 8), 8)}, `error attribute "pads" is not understood`},
		{"Clip", 6, ir.Attrs{"min": 0.0, "max": 6.0}, nil, "Clip f32[][0] f32[][6] [N,3,H,8]"},
		{"Clip", 6, ir.Attrs{"min": -3.4028234663852886e38, "max": 6.0}, nil, "Clip f32[][6] [N,3,H,8]"},
		{"ReduceMean", 13, ir.Attrs{"axes": ints(-1, 2), "keepdims": int64(0)}, nil, "ReduceMean i64[2][-1 2] [N,3]"},
		{"ReduceSum", 11, ir.Attrs{"axes": ints(1)}, nil, "ReduceSum i64[1][1] [N,1,H,8]"},
		{"ReduceSum", 13, ir.Attrs{"axes": ints(1)}, nil, `error attribute "axes" is not understood`},
		{"ReduceMax", 18, nil, []*tensor.Tensor{tensor.Of(ints(3), 1)}, "ReduceMax i64[1][3] [N,3,H,1]"},
		{"TopK", 9, ir.Attrs{"k": int64(2), "axis": int64(3)}, nil, "TopK i64[1][2] [N,3,H,2] [N,3,H,2]"},
		{"Dropout", 7, ir.Attrs{"ratio": 0.3}, nil, "Identity [N,3,H,8]"},
		{"Dropout", 12, nil, []*tensor.Tensor{tensor.Scalar(float32(0.5)), tensor.Scalar(true)}, "error training_mode is set: export the model for inference"},
		{"Concat", 13, nil, nil, "error lacks required attribute axis"},
		{"Add", 6, ir.Attrs{"broadcast": int64(1), "axis": int64(1)}, []*tensor.Tensor{tensor.Of([]float32{1, 2, 3}, 3)}, "Add [N,3,H,8]"},
		{"PRelu", 6, nil, []*tensor.Tensor{tensor.Of([]float32{1, 2, 3}, 3)}, "PRelu [N,3,H,8]"},
		{"Reshape", 1, ir.Attrs{"shape": ints(0, -1)}, nil, "Reshape i64[2][0 -1] [N,24*H]"},
		{"Cast", 1, ir.Attrs{"to": "FLOAT16"}, nil, "Cast [N,3,H,8]"},
		{"SwiGLU", 28, ir.Attrs{"alpha": 0.5}, nil, "error input 1 (B) is missing"},
		{"Relu", 14, ir.Attrs{"alpha": 1.0}, nil, `error attribute "alpha" is not understood`},
	} {
		g := ir.New("old")
		s := op.NewSrc(g, all.Registry(), c.attrs)
		s.Op, s.Version, s.Name = c.op, c.version, "node"
		s.Inputs = []*ir.Value{g.AddInput("x", tensor.Float32, x.Clone())}
		for _, e := range c.extra {
			s.Inputs = append(s.Inputs, s.Const(e))
		}
		s.NumOut = 1
		if c.op == "Split" || c.op == "TopK" {
			s.NumOut = 2
		}
		if got := describe(all.Registry().Get(c.op), s); got != c.want {
			t.Errorf("%s-%d %v:\n got %s\nwant %s", c.op, c.version, c.attrs, got, c.want)
		}
	}
}

// describe reads a node and prints the last one that results.
func describe(d *op.Def, s *op.Src) string {
	out, err := d.Read(s)
	if err != nil {
		text := err.Error()
		return "error " + strings.TrimPrefix(text, d.Name+": ")
	}
	n := out[0].Node()
	text := n.Op
	for _, v := range n.Inputs {
		if v.IsConst() {
			text += " " + v.Const.String()
		}
	}
	for _, v := range out {
		text += " " + v.Shape.String()
	}
	return text
}

// TestShapeArithmetic follows sizes with symbols through the chains that
// exporters write around Reshape, Expand, Slice and Resize.
func TestShapeArithmetic(t *testing.T) {
	reg := all.Registry()
	g := ir.New("chain")
	n, h := ir.Symbol("N"), ir.Symbol("H")
	x := g.AddInput("x", tensor.Float32, ir.Shape{n, ir.Static(4), h, ir.Static(6)})
	count := 0
	add := func(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
		t.Helper()
		count++
		node := g.AddNode(name, "", attrs, in, fmt.Sprint("v", count))
		if err := reg.Infer(node); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return node.Outputs[0]
	}
	list := func(v ...int64) *ir.Value { return g.AddConst("c", tensor.Of(v, len(v))) }
	scalar := func(v int64) *ir.Value { return g.AddConst("c", tensor.Scalar(v)) }
	shape := add("Shape", nil, x)
	batch := add("Unsqueeze", nil, add("Gather", nil, shape, scalar(0)), list(0))
	flat := add("Reshape", nil, x, add("Concat", ir.Attrs{"axis": int64(0)}, batch, list(-1)))
	plane := add("Slice", nil, shape, list(2), list(4))
	twice := add("Mul", nil, plane, list(2, 2))
	whole := add("Concat", ir.Attrs{"axis": int64(0)}, batch, list(4), twice)
	cast := add("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int64)}, add("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int32)}, whole))
	for _, c := range []struct {
		name string
		v    *ir.Value
		want string
	}{
		{"flatten", flat, "[N,24*H]"},
		{"constant of shape", add("ConstantOfShape", nil, cast), "[N,4,2*H,12]"},
		{"expand", add("Expand", nil, x, add("Concat", ir.Attrs{"axis": int64(0)}, batch, list(1, 1, 1))), "[N,4,H,6]"},
		{"half", add("ConstantOfShape", nil, add("Div", nil, plane, list(2, 2))), "[floor((H)/2),3]"},
		{"count", add("Range", nil, scalar(0), add("Gather", nil, shape, scalar(2)), scalar(1)), "[H]"},
		{"all but the last row", add("Slice", nil, x, list(0), list(-1), list(2)), "[N,4,H-1,6]"},
		{"every other row", add("Slice", nil, x, list(0), list(1<<62), list(2), list(2)), "[N,4,floor((H+1)/2),6]"},
		{"back to the plane", add("Reshape", nil, flat, add("Concat", ir.Attrs{"axis": int64(0)}, batch, list(4, -1, 6))), "[N,4,H,6]"},
		{"product", add("ConstantOfShape", nil, add("ReduceProd", nil, plane, list(0))), "[6*H]"},
		{"blocks", add("SpaceToDepth", ir.Attrs{"blocksize": int64(2)}, x), "[N,16,floor((H)/2),3]"},
		{"joined", add("Concat", ir.Attrs{"axis": int64(2)}, x, x), "[N,4,2*H,6]"},
		{"ranks differ", add("Add", nil, x, g.AddInput("y", tensor.Float32, ir.Shape{h, ir.Static(1)})), "[N,4,H,6]"},
		{"symbols differ", add("Add", nil, x, g.AddInput("z", tensor.Float32, ir.Shape{ir.Symbol("M"), ir.Static(6)})), "[N,4,max(H,M),6]"},
	} {
		if got := c.v.Shape.String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestIntegerDivisionByZero(t *testing.T) {
	reg := all.Registry()
	for _, name := range []string{"Div", "Mod"} {
		g := ir.New("")
		a, b := tensor.Of([]int32{7, 8}, 2), tensor.Of([]int32{1, 0}, 2)
		n := g.AddNode(name, "", nil, []*ir.Value{g.AddInput("a", tensor.Int32, ir.Dims(2)), g.AddInput("b", tensor.Int32, ir.Dims(2))}, "c")
		_, err := reg.EvalNode(n, []*tensor.Tensor{a, b})
		if err == nil || !strings.Contains(err.Error(), "division by zero at element 1") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}
