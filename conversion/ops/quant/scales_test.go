package quant_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestCheckScales: what leaves nothing to compute is told once a kind, with all layers;
// what ONNX's formulas take is not told.
func TestCheckScales(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		op    string
		place int // of the scale
		v     []float32
		want  string // part of the text
	}{
		{"QuantizeLinear", 1, []float32{nan}, "y_scale of QuantizeLinear, a step of integers, is not a number"},
		{"QuantizeLinear", 1, []float32{-inf}, "infinite"},
		{"QuantizeLinear", 1, []float32{0}, "divides"},
		{"QuantizeLinear", 1, []float32{1e-40}, "divides"},
		{"QuantizeLinear", 1, []float32{-0.1}, ""},
		{"QuantizeLinear", 1, []float32{1e-37}, ""},
		{"DequantizeLinear", 1, []float32{1, inf, 2}, "x_scale[1] of DequantizeLinear, a step of integers, is infinite"},
		{"DequantizeLinear", 1, []float32{1, 0, -2}, ""},
		{"QLinearConv", 1, []float32{nan}, "x_scale"},
		{"QLinearConv", 4, []float32{1, 2, nan}, "w_scale[2]"},
		{"QLinearConv", 4, []float32{0, -1}, ""},
		{"QLinearConv", 6, []float32{0}, "y_scale"},
		{"QLinearMatMul", 1, []float32{inf}, "a_scale"},
		{"QLinearMatMul", 4, []float32{nan}, "b_scale"},
		{"QLinearMatMul", 6, []float32{0}, "y_scale"},
		{"Mul", 1, []float32{nan}, ""},
	} {
		for _, kind := range []string{"", "captured"} {
			g := ir.New("g")
			scale := g.AddConst("scale", tensor.Of(c.v, len(c.v)))
			in := func(g *ir.Graph, scale *ir.Value) []*ir.Value {
				list := make([]*ir.Value, 8)
				for i := range list {
					list[i] = g.AddInput(fmt.Sprint("in", i), tensor.Float32, ir.Dims(1))
				}
				list[c.place] = scale
				return list
			}
			part := g
			if kind == "captured" {
				part = ir.New("body")
				inner := part.AddInput("scale", tensor.Float32, ir.Dims(len(c.v)))
				part.AddNode(c.op, "layer", nil, in(part, inner), "y")
				g.AddNode("If", "if", ir.Attrs{"then_branch": part, ir.CapturedAttr: int64(9)}, append([]*ir.Value{nil, scale}, in(g, nil)...), "y")
				if len(part.Inputs) != 9 {
					t.Fatal(len(part.Inputs))
				}
			} else {
				g.AddNode(c.op, "layer", nil, in(g, scale), "y")
				g.AddNode(c.op, "another", nil, in(g, scale), "z")
			}
			found := all.Registry().CheckScales(g)
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("%s %v: %v", c.op, c.v, found)
				}
				continue
			}
			layers := 2
			if kind != "" {
				layers = 1
			}
			if len(found) != 1 || found[0].Layer != "layer" || len(found[0].Layers) != layers || !strings.Contains(found[0].Text, c.want) {
				t.Errorf("%s %s %v: %v", kind, c.op, c.v, found)
			}
		}
	}
}

// TestZeroPointsOfAnotherType: a zero point that is none of its input's integers is
// refused when the node is read.
func TestZeroPointsOfAnotherType(t *testing.T) {
	one, i8, u8 := tensor.Scalar(float32(1)), tensor.Scalar(int8(3)), tensor.Scalar(uint8(3))
	x, w := tensor.New(tensor.Uint8, 1, 2, 4, 4), tensor.New(tensor.Int8, 3, 2, 1, 1)
	a, b := tensor.New(tensor.Uint8, 2, 2), tensor.New(tensor.Int8, 2, 2)
	for _, c := range []struct {
		op   string
		in   []*tensor.Tensor
		good bool
	}{
		{"QLinearConv", []*tensor.Tensor{x, one, u8, w, one, i8, one, u8}, true},
		{"QLinearConv", []*tensor.Tensor{x, one, i8, w, one, i8, one, u8}, false},
		{"QLinearConv", []*tensor.Tensor{x, one, u8, w, one, u8, one, u8}, false},
		{"QLinearMatMul", []*tensor.Tensor{a, one, u8, b, one, i8, one, i8}, true},
		{"QLinearMatMul", []*tensor.Tensor{a, one, i8, b, one, i8, one, i8}, false},
		{"DequantizeLinear", []*tensor.Tensor{a, one, i8}, false},
	} {
		if _, err := testkit.Node(all.Registry(), c.op, nil, 1, c.in); (err == nil) != c.good {
			t.Errorf("%s: %v", c.op, err)
		}
	}
}
