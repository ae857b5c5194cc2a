package tflite

import (
	"context"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/testkit"
)

// TestNoBodies: quantized layers in a body never reach the writer, whose guards look
// at the graph alone. Branches become part of the graph, and so does a loop of known
// length; any other ends in a finding.
func TestNoBodies(t *testing.T) {
	reg := all.Registry()
	for _, kind := range []string{"If", "Loop"} {
		g, err := ir.Parse(`graph g {
  input %x : f32[1,8]
  const %s : f32[] = [0.05]
  const %z : i8[] = [3]
  %q : ?[?] = QuantizeLinear(%x, %s, %z) @q
  %d : ?[?] = DequantizeLinear(%q, %s, %z) @d
  %y : ?[?] = Softmax(%d) @softmax
  %r : ?[?] = QuantizeLinear(%y, %s, %z) @r
  %o : ?[?] = DequantizeLinear(%r, %s, %z) @o
  output %o
}`)
		if err != nil {
			t.Fatal(err)
		}
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		g = testkit.Within(t, kind, g, reg)
		found := legalize.Run(context.Background(), g, reg, Target{}, target.Options{})
		bodies := slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return len(n.Bodies()) > 0 })
		if refused := found.Err() != nil; bodies != refused || refused != (kind == "Loop") {
			t.Errorf("%s: bodies are left: %v; %v", kind, bodies, found)
		}
		if kind == "If" && !slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return n.Op == "Softmax" }) {
			t.Error("the layers of the branches are gone")
		}
	}
}
