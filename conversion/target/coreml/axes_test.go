package coreml_test

import (
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestSixAxes: tensors of more axes than Core ML has that stand between Reshapes
// are not in the program.
func TestSixAxes(t *testing.T) {
	const text = `graph g {
  input %x : f32[1,64,12]
  const %windows : i64[6] = [1,8,8,2,2,3]
  const %mask : bool[8,1,2,1,1] = [true,false,true,true,false,true,false,false,true,true,false,true,true,true,false,false]
  const %low : f32[] = [-5]
  const %a : i64[1] = [3]
  const %rows : i64[3] = [1,64,-1]
  %m : ?[?] = Reshape(%x, %windows) @m
  %t : ?[?] = Transpose(%m) {perm=[0,5,1,4,2,3]} @t
  %b : ?[?] = Transpose(%t) {perm=[0,2,4,5,3,1]} @b
  %w : ?[?] = Where(%mask, %low, %b) @w
  %r : ?[?] = ReduceMean(%w, %a) {keepdims=0} @r
  %y : ?[?] = Reshape(%r, %rows) @y
  output %y
}
`
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	reg := ops.Registry()
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	x, err := ir.Noise(tensor.Float32, 4, 1, 64, 12)
	if err != nil {
		t.Fatal(err)
	}
	feeds := map[string]*tensor.Tensor{"x": x}
	want, err := testkit.Eval(reg, g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	path, _, ok := convert(t, g, t.TempDir(), "g", "fp32")
	if !ok {
		t.Fatal("is refused")
	}
	for _, o := range program(t, path).Main.Ops {
		if slices.ContainsFunc(o.Outputs, func(v mil.Typed) bool { return len(v.Type.Dims) > 5 }) {
			t.Errorf("%s has %v", o.Type, o.Outputs)
		}
	}
	got, err := run(path, []*tensor.Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Close(t, got[0], want[0], op.Accumulating)
	testkit.Close(t, walk(t, path, feeds)[0].values, want[0], op.Accumulating)
}
