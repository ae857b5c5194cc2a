package float16

import (
	"context"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// A tensor beyond half precision's range keeps the layers that give and read it
// in single precision; the model's result stays finite.
func TestWatchKeepsLargeTensors(t *testing.T) {
	reg, ctx := ops.Registry(), context.Background()
	g, err := ir.Parse(`graph net {
  input %x : f32[4]
  const %k : f32[] = [50000.0]
  %a : f32[4] = Relu(%x) @small
  %b : f32[4] = Mul(%a, %k) @large
  %y : f32[4] = Sigmoid(%b) @last
  output %y
}
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	in := []*tensor.Tensor{tensor.Of([]float32{1, 2, 3, 4}, 4)}
	o := Defaults()
	o.Mode = "arithmetic"
	o.Largest, err = Watch(ctx, g, reg, [][]*tensor.Tensor{in}, func(_ context.Context, g *ir.Graph) (Run, error) {
		return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
			return testkit.Eval(reg, g, map[string]*tensor.Tensor{"x": in[0]})
		}, nil
	})
	if err != nil || o.Largest["a"] != 4 || o.Largest["b"] != 200000 || len(g.Outputs) != 1 {
		t.Fatal(o.Largest, err)
	}
	if _, err := Pass.Run1(ctx, g, reg, o, nil); err != nil {
		t.Fatal(err)
	}
	want := map[string]tensor.DType{"small": tensor.Float16, "large": tensor.Float32, "last": tensor.Float32}
	for _, n := range g.Nodes {
		if d, ok := want[n.Name]; ok && n.Out(0).DType != d {
			t.Errorf("%s computes in %v, want %v", n.Name, n.Out(0).DType, d)
		}
	}
}
