package tensorrt_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/fold"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/target/tensorrt"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestUnsigned: what is quantized in 8-bit unsigned integers becomes legal, with the
// same numbers to the last bit.
func TestUnsigned(t *testing.T) {
	const quantize = `graph g {
  input %x : f32[1,2,4,4]
  const %s : f32[] = [0.05]
  const %z : u8[] = [ZERO]
  %q : ?[?] = QuantizeLinear(%x, %s, %z) @q
`
	q := func(zero string) string { return strings.Replace(quantize, "ZERO", zero, 1) }
	for name, c := range map[string]struct {
		text   string
		native bool // QuantizeLinear stays
	}{
		"symmetric":  {q("128") + "  %y : ?[?] = DequantizeLinear(%q, %s, %z) @d\n  output %y\n}", true},
		"zero point": {q("3") + "  %y : ?[?] = DequantizeLinear(%q, %s, %z) @d\n  output %y\n}", false},
		"no zero point": {`graph g {
  input %x : f32[1,2,4,4]
  const %s : f32[2] = [0.05,0.01]
  %q : ?[?] = QuantizeLinear(%x, %s) {axis=1} @q
  %y : ?[?] = DequantizeLinear(%q, %s) {axis=1} @d
  output %y
}`, false},
		"moved": {q("128") + `  const %pads : i64[8] = [0,0,1,1,0,0,1,1]
  const %lo : u8[] = [120]
  const %hi : u8[] = [140]
  %p : ?[?] = Pad(%q, %pads) @p
  %c : ?[?] = Clip(%p, %lo, %hi) @c
  %m : ?[?] = MaxPool(%c) {kernel_shape=[3,3], pads=[1,1,1,1]} @m
  %k : ?[?] = Concat(%m, %p) {axis=1} @k
  %y : ?[?] = DequantizeLinear(%k, %s, %z) @d
  output %y
}`, true},
		"weights": {q("128") + `  const %w : u8[2,2,1,1] = [0,255,128,7]
  const %ws : f32[2] = [0.02,0.03]
  const %wz : u8[2] = [128,11]
  %d : ?[?] = DequantizeLinear(%q, %s, %z) @d
  %f : ?[?] = DequantizeLinear(%w, %ws, %wz) {axis=0} @f
  %y : ?[?] = Conv(%d, %f) @conv
  output %y
}`, true},
		"input": {`graph g {
  input %x : u8[1,2,4,4]
  const %s : f32[] = [0.05]
  const %z : u8[] = [9]
  %t : ?[?] = Transpose(%x) {perm=[0,2,3,1]} @t
  %y : ?[?] = DequantizeLinear(%t, %s, %z) @d
  output %y
}`, false},
		"output": {q("131") + "  %y : ?[?] = DequantizeLinear(%q, %s, %z) @d\n  output %q\n  output %y\n}", false},
		"dynamic": {`graph g {
  input %x : f32[1,2,4,4]
  %q : ?[?], %s : ?[?], %z : ?[?] = DynamicQuantizeLinear(%x) @q
  %y : ?[?] = DequantizeLinear(%q, %s, %z) @d
  output %y
  output %z
}`, false},
		"dynamic product": {`graph g {
  input %x : f32[1,2,4,4]
  const %w : u8[4,3] = [1,2,3,200,5,255,7,0,9,10,11,12]
  const %wz : u8[] = [100]
  %q : ?[?], %s : ?[?], %z : ?[?] = DynamicQuantizeLinear(%x) @q
  %i : ?[?] = MatMulInteger(%q, %w, %z, %wz) @m
  %f : ?[?] = Cast(%i) {to=1} @c
  %y : ?[?] = Mul(%f, %s) @y
  output %y
}`, false},
		"QLinearMatMul": {q("128") + `  const %w : u8[4,3] = [1,2,3,200,5,255,7,0,9,10,11,12]
  const %ws : f32[] = [0.25]
  const %wz : u8[] = [128]
  const %os : f32[] = [0.5]
  const %oz : u8[] = [20]
  %p : ?[?] = QLinearMatMul(%q, %s, %z, %w, %ws, %wz, %os, %oz) @m
  %y : ?[?] = DequantizeLinear(%p, %os, %oz) @d
  output %y
}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, reg := context.Background(), ops.Registry()
			g, err := ir.Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if err := reg.InferGraph(g); err != nil {
				t.Fatal(err)
			}
			in := noise(t, g, 1, 20)
			if x := in["x"]; x.DType() == tensor.Float32 {
				for i, v := range tensor.View[float32](x) { // both signs
					tensor.View[float32](x)[i] = v - 8
				}
			}
			want, err := testkit.Eval(reg, g, in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (tensorrt.Target{}).Fit(ctx, g, reg, target.Options{}); err != nil {
				t.Fatal(err)
			}
			if _, err := fold.Constants.Run1(ctx, g, reg, nil, nil); err != nil {
				t.Fatal(err)
			}
			if l := legalize.Run(ctx, g, reg, tensorrt.Target{}, target.Options{}); l.Err() != nil {
				t.Fatal(l)
			}
			native := slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return n.Op == "QuantizeLinear" })
			if native != c.native {
				t.Errorf("quantizers: %v, want %v", native, c.native)
			}
			got, err := testkit.Eval(reg, g, in)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if got[i].DType() != want[i].DType() || !tensor.Equal(got[i], want[i]) {
					t.Errorf("output %d is %v, want %v", i, got[i], want[i])
				}
			}
		})
	}
}

// TestUnsignedRefused: arithmetic of unsigned integers that wraps around is refused for
// what it is.
func TestUnsignedRefused(t *testing.T) {
	g, err := ir.Parse(`graph g {
  input %x : u8[4]
  %y : ?[?] = Add(%x, %x) @a
  %z : ?[?] = Mul(%y, %x) @m
  output %z
}`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, reg := context.Background(), ops.Registry()
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	if _, err := (tensorrt.Target{}).Fit(ctx, g, reg, target.Options{}); err != nil {
		t.Fatal(err)
	}
	l := legalize.Run(ctx, g, reg, tensorrt.Target{}, target.Options{})
	if l.Err() == nil || strings.Contains(l.Err().Error(), "did not end") {
		t.Error(l)
	}
}
