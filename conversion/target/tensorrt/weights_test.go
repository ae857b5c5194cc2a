package tensorrt_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/target/tensorrt"
	"slipway/conversion/testkit"
)

// aConv is a convolution of the value %d by integer weights.
const aConv = `  const %w : i8[1,2,1,1] = [100,-50]
  const %t : f32[1] = [0.5]
  %f : ?[?] = DequantizeLinear(%w, %t) {axis=0} @weights
  %y : ?[?] = Conv(%d, %f) @conv
  output %y
}`

// TestWeightsOfFloats: integer weights beside data in floats become floats, in bodies too,
// which is told; beside integers they stay.
func TestWeightsOfFloats(t *testing.T) {
	reg := ops.Registry()
	parsed := func(before string) *ir.Graph {
		g, err := ir.Parse(before + aConv)
		if err != nil {
			t.Fatal(err)
		}
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		return g
	}
	floats := parsed("graph g {\n  input %d : f32[1,2,3,3]\n")
	integers := parsed("graph g {\n  input %x : f32[1,2,3,3]\n  const %s : f32[] = [0.1]\n  const %z : i8[] = [0]\n" +
		"  %q : ?[?] = QuantizeLinear(%x, %s, %z) @q\n  %d : ?[?] = DequantizeLinear(%q, %s, %z) @d\n")
	inner := testkit.Within(t, "If", floats.Clone(), reg)
	for name, c := range map[string]struct {
		g     *ir.Graph
		float bool
	}{"floats": {floats, true}, "in a body": {inner, true}, "integers": {integers, false}} {
		for _, n := range c.g.Nodes {
			if f := (tensorrt.Target{}).Legal(n, target.Options{}); f != nil {
				t.Errorf("%s: %v", name, f)
			}
		}
		found, err := tensorrt.Target{}.Prepare(context.Background(), c.g, reg, target.Options{})
		if err != nil {
			t.Fatal(err)
		}
		told := len(found) == 1 && found[0].Code == "tensorrt.float-layer" && strings.Contains(found[0].Text, "4 times")
		if told != c.float {
			t.Errorf("%s: findings %v", name, found)
		}
		part := c.g
		if bodies := c.g.Nodes[0].Bodies(); len(bodies) > 0 {
			part = bodies[0]
		}
		at := slices.IndexFunc(part.Nodes, func(n *ir.Node) bool { return n.Op == "Conv" })
		w := part.Nodes[at].In(1)
		if !c.float {
			if w.IsConst() {
				t.Errorf("%s: the weights are floats", name)
			}
			continue
		}
		if !w.IsConst() || !slices.Equal(w.Const.Float32s(), []float32{50, -25}) {
			t.Errorf("%s: the weights are %v", name, w)
		}
	}
}

// TestComputedWeights: integer weights that the model computes stay, and are refused
// beside floats.
func TestComputedWeights(t *testing.T) {
	conv := strings.Replace(aConv, "  const %w : i8[1,2,1,1] = [100,-50]\n", "", 1)
	g, err := ir.Parse("graph g {\n  input %d : f32[1,2,3,3]\n  input %w : i8[1,2,1,1]\n" + conv)
	if err != nil {
		t.Fatal(err)
	}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	if f := (tensorrt.Target{}).Legal(g.Nodes[1], target.Options{}); f == nil || !strings.Contains(f.Text, "integer weights") {
		t.Errorf("finding %v", f)
	}
}
