package openvino

import (
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target"
)

// What the plugin computes otherwise is told of bodies too, and of scales that it
// overflows with.
func TestTold(t *testing.T) {
	for name, c := range map[string]struct{ text, code, layer string }{
		"64-bit floats in a branch": {`graph g {
	input %c : bool[]
	input %x : f32[3]
	%y : ?[?] = If(%c, %x) {captured_inputs=1, then_branch=graph t {
		input %a : ?[?]
		%b : ?[?] = Cast(%a) {to=11} @wide
		%d : ?[?] = Cast(%b) {to=1} @narrow
		output %d
	}, else_branch=graph e {
		input %a : ?[?]
		%b : ?[?] = Neg(%a) @neg
		output %b
	}} @if
	output %y
}`, "openvino.f64", "wide"},
		"64-bit integers in a branch": {`graph g {
	input %c : bool[]
	input %x : i64[3]
	%y : ?[?] = If(%c, %x) {captured_inputs=1, then_branch=graph t {
		input %a : ?[?]
		%b : ?[?] = Mul(%a, %a) @product
		output %b
	}, else_branch=graph e {
		input %a : ?[?]
		%b : ?[?] = Identity(%a) @same
		output %b
	}} @if
	output %y
}`, "openvino.int64", "product"},
		"a scale": {`graph g {
	input %x : f32[3]
	const %s : f32[] = [1e30]
	const %z : u8[] = [0]
	%q : ?[?] = QuantizeLinear(%x, %s, %z) @coarse
	%y : ?[?] = DequantizeLinear(%q, %s, %z) @coarse
	output %y
}`, "openvino.scale", "coarse"},
		"a usual scale": {`graph g {
	input %x : f32[3]
	const %s : f32[] = [9e29]
	const %z : u8[] = [0]
	%q : ?[?] = QuantizeLinear(%x, %s, %z) @coarse
	%y : ?[?] = DequantizeLinear(%q, %s, %z) @coarse
	output %y
}`, "openvino.scale", ""},
	} {
		g, err := ir.Parse(c.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		g = build(t, func(to *ir.Graph) { *to = *g })
		_, a := write(t, g, target.Options{})
		told := slices.ContainsFunc(a.Findings, func(f *diag.Finding) bool { return f.Code == c.code && slices.Contains(f.Layers, c.layer) })
		if any := slices.ContainsFunc(a.Findings, func(f *diag.Finding) bool { return f.Code == c.code }); told != (c.layer != "") || any != told {
			t.Errorf("%s: %v, want %s of %q", name, a.Findings, c.code, c.layer)
		}
	}
}
