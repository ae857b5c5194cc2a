package float16

import (
	"fmt"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// loops has arithmetic around and inside a loop and a branch, in type d.
func loops(t *testing.T, d tensor.DType) *ir.Graph {
	t.Helper()
	g, err := ir.Parse(fmt.Sprintf(`graph g {
	input %%x : %[1]v[4]
	input %%m : i64[]
	input %%c : bool[]
	const %%k : %[1]v[4] = [1.0,2.0,3.0,4.0]
	%%s : ?[?] = Mul(%%x, %%k) @mul
	%%u : ?[?] = Loop(%%m, _, %%s, %%x) {captured_inputs=1, body=graph b {
		input %%i : ?[?]
		input %%go : ?[?]
		input %%a : ?[?]
		input %%x0 : ?[?]
		const %%half : %[1]v[] = [0.5]
		%%p : ?[?] = Mul(%%a, %%half) @inner_mul
		%%q : ?[?] = Add(%%p, %%x0) @inner_add
		output %%go
		output %%q
	}} @loop
	%%v : ?[?] = If(%%c, %%u) {captured_inputs=1, then_branch=graph t {
		input %%a : ?[?]
		%%b : ?[?] = Neg(%%a) @neg
		output %%b
	}, else_branch=graph e {
		input %%a : ?[?]
		const %%one : %[1]v[4] = [1.0,1.0,1.0,1.0]
		output %%one
	}} @if
	%%y : ?[?] = Add(%%v, %%k) @add
	output %%y
}`, d))
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		d        tensor.DType
		widen    bool
		mulInner tensor.DType // what the loop computes in afterwards
	}{{tensor.Float32, false, tensor.Float32}, {tensor.Float16, true, tensor.Float32}, {tensor.BFloat16, true, tensor.Float32}} {
		g := loops(t, c.d)
		want := loops(t, c.d)
		if c.d == tensor.BFloat16 {
			run(t, WidenBFloat16, g, nil)
		} else if c.widen {
			run(t, Widen, g, nil)
		} else {
			o := Defaults()
			o.Mode = "arithmetic"
			run(t, Pass, g, o)
		}
		for _, n := range g.Nodes {
			if n.Op == "Loop" && n.Graph("body").Nodes[0].Out(0).DType != c.mulInner {
				t.Errorf("%v: the body computes %v", c.d, n.Graph("body").Nodes[0].Out(0).DType)
			}
		}
		x, err := tensor.FromFloat64s(c.d, []float64{0.5, -1, 2, 0.25}, 4)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := op.Tolerance{Abs: 1e-2, Rel: 2e-3}
		if c.d == tensor.BFloat16 { // eight bits, rounded in four steps
			tolerance = op.Tolerance{Abs: 1e-2, Rel: 2e-2}
		}
		for _, yes := range []bool{true, false} {
			feeds := map[string]*tensor.Tensor{"x": x, "m": tensor.Scalar(int64(3)), "c": tensor.Scalar(yes)}
			a, b := testkit.Compute(t, want, all.Registry(), feeds)[0], testkit.Compute(t, g, all.Registry(), feeds)[0]
			testkit.Close(t, b, a, tolerance)
		}
	}
}
