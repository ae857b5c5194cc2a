package faults

import (
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestSequence: products that the plugin joins are told from those that something
// parts.
func TestSequence(t *testing.T) {
	for name, c := range map[string]struct {
		rows    ir.Dim
		between []string
		want    bool
	}{
		"nothing":             {ir.Static(4), nil, true},
		"many rows":           {ir.Static(9), nil, false},
		"open rows":           {ir.Symbol("n"), nil, true},
		"limits":              {ir.Static(4), []string{"Relu", "Clip"}, true},
		"a bias":              {ir.Static(4), []string{"bias"}, false},
		"a bias and limits":   {ir.Static(4), []string{"bias", "Relu"}, false},
		"a bias, scaled":      {ir.Static(4), []string{"bias", "scale"}, true},
		"scaled, with a bias": {ir.Static(4), []string{"scale", "bias"}, false},
		"one for all":         {ir.Static(4), []string{"shift"}, true},
		"an activation":       {ir.Static(4), []string{"Tanh"}, false},
		"a sum":               {ir.Static(4), []string{"sum"}, false},
	} {
		g := ir.New("net")
		x := g.AddInput("x", tensor.Float32, ir.Shape{c.rows, ir.Static(2)})
		w := g.AddConst("w", tensor.New(tensor.Float32, 2, 2))
		op := func(op string, in ...*ir.Value) *ir.Value { return g.AddNode(op, "", nil, in, op).Outputs[0] }
		y := op("MatMul", x, w)
		for _, b := range c.between {
			switch b {
			case "bias":
				y = op("Add", g.AddConst("b", tensor.Of([]float32{1, 2}, 2)), y)
			case "shift":
				y = op("Add", y, g.AddConst("s", tensor.Of([]float32{1, 1}, 2)))
			case "scale":
				y = op("Mul", y, g.AddConst("m", tensor.Of([]float32{1, 2}, 2)))
			case "sum":
				y = op("Add", y, x)
			default:
				y = op(b, y)
			}
		}
		g.Outputs = []*ir.Value{op("Gemm", y, w)}
		if err := ops.Registry().InferGraph(g); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := Sequence(g.Outputs[0].Node()); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
