package faults

import (
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestIntegers: what is wrong in integers is told with its reason, and nothing
// beside it. That the runtime does get it wrong, the target's tests show.
func TestIntegers(t *testing.T) {
	stride := func(s ...int64) ir.Attrs { return ir.Attrs{"strides": s} }
	for _, c := range []struct {
		name    string
		op      string
		attrs   ir.Attrs
		in      ir.Shape
		weights []int
		want    string // part of the reason
	}{
		{"groups of 68", "Conv", ir.Attrs{"group": int64(2)}, ir.Dims(1, 136, 7, 7), []int{8, 68, 1, 1}, "2 groups of 68"},
		{"groups of 64", "Conv", ir.Attrs{"group": int64(2)}, ir.Dims(1, 128, 7, 7), []int{8, 64, 1, 1}, ""},
		{"groups of 5 to 17", "Conv", ir.Attrs{"group": int64(2)}, ir.Dims(1, 10, 7, 7), []int{34, 5, 3, 3}, "5 to 17"},
		{"groups of 5 to 16", "Conv", ir.Attrs{"group": int64(2)}, ir.Dims(1, 10, 7, 7), []int{32, 5, 3, 3}, ""},
		{"one column", "Conv", stride(2, 2), ir.Dims(1, 3, 12, 4), []int{8, 3, 3, 3}, "one column"},
		{"one column, step 1", "Conv", stride(2, 1), ir.Dims(1, 3, 12, 3), []int{8, 3, 3, 3}, ""},
		{"one place", "Conv", stride(2, 2), ir.Dims(1, 3, 4, 4), []int{8, 3, 3, 3}, ""},
		{"one row", "Conv", stride(2, 2), ir.Dims(1, 3, 4, 12), []int{8, 3, 3, 3}, ""},
		{"open sizes", "Conv", stride(2, 2), ir.Shape{ir.Static(1), ir.Static(3), ir.Symbol("h"), ir.Symbol("w")}, []int{8, 3, 3, 3}, ""},
		{"one layer", "Conv", ir.Attrs{"pads": []int64{1, 1, 1, 1, 1, 1}}, ir.Dims(1, 3, 1, 4, 4), []int{8, 3, 3, 3, 3}, "one layer"},
		{"back", "ConvTranspose", stride(2, 2), ir.Dims(1, 8, 4, 4), []int{8, 3, 2, 2}, ""},
		{"back, along one axis", "ConvTranspose", nil, ir.Dims(1, 8, 4), []int{8, 3, 2}, "one axis"},
		{"back, few channels", "ConvTranspose", nil, ir.Dims(1, 3, 4, 4), []int{3, 3, 2, 2}, "3 channels"},
		{"back, gaps", "ConvTranspose", stride(3, 3), ir.Dims(1, 8, 4, 4), []int{8, 3, 2, 2}, "gaps"},
		{"back, spread", "ConvTranspose", ir.Attrs{"dilations": []int64{2, 2}}, ir.Dims(1, 8, 4, 4), []int{8, 3, 2, 2}, "gaps"},
		{"back, groups", "ConvTranspose", ir.Attrs{"group": int64(2)}, ir.Dims(1, 6, 4, 4), []int{6, 3, 2, 2}, ""},
	} {
		g := ir.New("net")
		x := g.AddInput("x", tensor.Float32, c.in)
		n := g.AddNode(c.op, "n", c.attrs, []*ir.Value{x, g.AddConst("w", tensor.New(tensor.Float32, c.weights...))}, "y")
		g.Outputs = n.Outputs
		if err := ops.Registry().InferGraph(g); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := Integers(n); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
