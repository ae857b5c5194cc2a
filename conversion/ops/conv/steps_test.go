package conv_test

import (
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestOpenVolume: a convolution of volumes by computed weights is taken apart also
// where nothing but their depth is known.
func TestOpenVolume(t *testing.T) {
	const text = `graph g {
  input %x : f32[N,2,5,H,W]
  input %w : f32[4,2,3,3,3]
  %y : ?[?] = Conv(%x, %w) {strides=[2,2,2], pads=[1,1,0,1,0,1]} @conv
  output %y
}
`
	reg := ops.Registry()
	feeds := map[string]*tensor.Tensor{}
	for name, shape := range map[string][]int{"x": {3, 2, 5, 7, 6}, "w": {4, 2, 3, 3, 3}} {
		x, err := ir.Noise(tensor.Float32, 4, shape...)
		if err != nil {
			t.Fatal(err)
		}
		feeds[name] = x
	}
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	want, err := testkit.Eval(reg, g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := testkit.Decomposed(reg, g)
	if err != nil || !changed {
		t.Fatalf("changed %v: %v", changed, err)
	}
	got, err := testkit.Eval(reg, g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	if !testkit.Near(got[0], want[0], 1e-5) {
		t.Errorf("gives %v, want %v", got[0], want[0])
	}
}
