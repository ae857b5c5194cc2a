package float16

import (
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// What computes in bfloat16 computes the same, but for its rounding, in 32 bits, with
// its interface and without; what reads the bits of a number still has them.
func TestWidenBFloat16(t *testing.T) {
	const text = `graph g {
	input %x : bf16[4]
	input %z : f32[4]
	const %k : bf16[4] = [1.5,-2.0,3.0,0.25]
	%a : ?[?] = Cast(%z) {to=16} @in
	%b : ?[?] = Mul(%x, %k) @mul
	%c : ?[?] = Add(%a, %b) @add
	%y : ?[?] = Tanh(%c) @tanh
	%w : ?[?] = Cast(%k) {to=1} @wide
	%v : ?[?] = Mul(%z, %w) @late
	%bits : ?[?] = BitCast(%b) {to=5} @bits
	output %y
	output %v
	output %bits
}`
	parse := func() *ir.Graph {
		g, err := ir.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := all.Registry().InferGraph(g); err != nil {
			t.Fatal(err)
		}
		return g
	}
	of := func(d tensor.DType, v ...float64) *tensor.Tensor {
		x, err := tensor.FromFloat64s(d, v, 4)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	narrow, z := of(tensor.BFloat16, 0.5, -1, 2, 0.25), of(tensor.Float32, 0.1, 0.2, 0.3, -0.4)
	want := testkit.Compute(t, parse(), all.Registry(), map[string]*tensor.Tensor{"x": narrow, "z": z})

	g := parse()
	run(t, WidenBFloat16, g, nil)
	got := testkit.Compute(t, g, all.Registry(), map[string]*tensor.Tensor{"x": narrow, "z": z})
	tol := op.Tolerance{Rel: 1e-2}
	for i := range want {
		testkit.Close(t, got[i], want[i], tol)
	}
	for _, n := range g.Nodes {
		if n.Op != "Cast" && n.Op != "BitCast" && n.Out(0).DType != tensor.Float32 {
			t.Errorf("%s computes %v", n.Name, n.Out(0).DType)
		}
	}

	names, err := Interface(g, all.Registry(), tensor.BFloat16)
	if err != nil || !slices.Equal(names, []string{`input "x"`, `output "y"`}) {
		t.Fatalf("%v became wide: %v", names, err)
	}
	got = testkit.Compute(t, g, all.Registry(), map[string]*tensor.Tensor{"x": of(tensor.Float32, 0.5, -1, 2, 0.25), "z": z})
	for i := range want {
		w := want[i]
		if i == 0 {
			if w, err = w.Cast(tensor.Float32); err != nil {
				t.Fatal(err)
			}
		}
		testkit.Close(t, got[i], w, tol)
	}
}
