package fold_test

import (
	"context"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/fold"
)

// TestKeepNarrow: weights stored in half precision stay so where that is asked
// for, other arithmetic on constants is done all the same.
func TestKeepNarrow(t *testing.T) {
	const text = `graph g {
  input %x : f32[2]
  const %w : f16[2] = [1.5,2]
  const %a : f32[2] = [1,2]
  %b : f32[2] = Cast(%w) {to=1} @widen
  %c : f32[2] = Neg(%a) @negate
  %y : f32[2] = Mul(%x, %b) @scale
  %z : f32[2] = Add(%y, %c) @shift
  output %z
}
`
	for keep, want := range map[bool]int{false: 2, true: 3} {
		g, err := ir.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		reg := ops.Registry()
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		if _, err := fold.Constants.Run1(context.Background(), g, reg, &fold.ConstantsOptions{MaxGrowthKB: 256, KeepNarrow: keep}, nil); err != nil {
			t.Fatal(err)
		}
		if len(g.Nodes) != want {
			t.Errorf("keep %v: %d nodes, want %d:\n%v", keep, len(g.Nodes), want, g)
		}
	}
}
