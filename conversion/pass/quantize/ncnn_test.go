package quantize

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// TestNCNNProducts: products with constant weights behind them become integers,
// those of computed matrices and of weights before them stay in float.
func TestNCNNProducts(t *testing.T) {
	b := &builder{t, ir.New("net")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 6, 6))
	y := b.add("MatMul", "behind", nil, x, b.g.AddConst("w", noise(1, 0.1, 6, 6)))
	y = b.add("MatMul", "before", nil, b.g.AddConst("v", noise(2, 0.1, 6, 6)), y)
	b.g.Outputs = []*ir.Value{b.add("MatMul", "pair", nil, y, x)}
	want := map[string]bool{"behind": true, "before": false, "pair": false}
	d := NewPlan(b.g, &Options{Profile: NCNN}).Decisions()
	if len(d) != len(want) {
		t.Errorf("%d decisions, want %d", len(d), len(want))
	}
	for _, d := range d {
		if d.Int8 != want[d.Node.Name] || !d.Int8 && d.Why == "" {
			t.Errorf("%+v, want integers %v", d, want[d.Node.Name])
		}
	}
}
