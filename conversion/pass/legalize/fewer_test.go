package legalize_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// flat has tensors of at most four axes.
type flat struct{ target.Target }

func (flat) Info() target.Info { return target.Info{Name: "flat", Title: "Flat"} }

func (flat) MaxAxes() int { return 4 }

func (flat) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	for _, v := range append(append([]*ir.Value{}, n.Inputs...), n.Outputs...) {
		if v != nil && v.Rank() > 4 {
			return diag.Errorf("flat.axes", "%s of %v", n.Op, v.Shape)
		}
	}
	return nil
}

// TestFewerAxes: between Reshapes, tensors of many axes are computed in few and
// never made.
func TestFewerAxes(t *testing.T) {
	const six = "2,3,2,2,1,3" // of 72 elements
	for name, c := range map[string]struct{ consts, nodes string }{
		"transpose":          {"", "Transpose(%m) {perm=[0,2,1,3,5,4]}"},
		"transpose in rows":  {"", "Transpose(%m) {perm=[5,2,0,4,3,1]}"},
		"reversed":           {"", "Transpose(%m)"},
		"of units alone":     {"", "Transpose(%m) {perm=[0,1,2,4,3,5]}"},
		"unary":              {"", "Relu(%m)"},
		"cast":               {"", "Cast(%m) {to=6}"},
		"repeated operand":   {"k : f32[3,2,1,1,1] = [1,2,3,4,5,6]", "Mul(%m, %k)"},
		"constant of many":   {"k : f32[2,1,1,2,1,3] = [1,2,3,4,5,6,7,8,9,10,11,12]", "Sub(%k, %m)"},
		"one number":         {"k : f32[] = [2]", "Pow(%m, %k)"},
		"limits":             {"k : f32[] = [-1];l : f32[] = [1]", "Clip(%m, %k, %l)"},
		"choice":             {"k : bool[2,1,1,1,1,1] = [true,false];l : f32[] = [7]", "Where(%k, %l, %m)"},
		"sum":                {"a : i64[2] = [2,-3]", "ReduceSum(%m, %a) {keepdims=0}"},
		"mean of all":        {"", "ReduceMean(%m)"},
		"softmax":            {"", "Softmax(%m) {axis=1}"},
		"greatest":           {"", "ArgMax(%m) {axis=2, keepdims=0}"},
		"slice":              {"s : i64[3] = [1,0,1];e : i64[3] = [3,9,3];a : i64[3] = [1,0,-1]", "Slice(%m, %s, %e, %a)"},
		"slice backwards":    {"s : i64[1] = [-1];e : i64[1] = [-9];a : i64[1] = [1];p : i64[1] = [-1]", "Slice(%m, %s, %e, %a, %p)"},
		"pad":                {"p : i64[4] = [1,0,0,2];a : i64[2] = [-1,2]", "Pad(%m, %p, , %a)"},
		"tile":               {"r : i64[6] = [1,3,2,1,1,1]", "Tile(%m, %r)"},
		"expand":             {"r : i64[6] = [2,3,2,2,4,3]", "Expand(%m, %r)"},
		"cumulative":         {"a : i64[] = [1]", "CumSum(%m, %a)"},
		"concat":             {"", "Concat(%m, %m) {axis=3}"},
		"gather":             {"i : i64[2,2] = [2,0,1,-1]", "Gather(%m, %i) {axis=1}"},
		"gather one":         {"i : i64[] = [1]", "Gather(%m, %i) {axis=3}"},
		"gather places":      {"i : i64[2,1,2] = [1,2,0,1]", "GatherND(%m, %i)"},
		"gather in a batch":  {"i : i64[2,3,1] = [1,0,1,1,0,1]", "GatherND(%m, %i) {batch_dims=2}"},
		"repeated by turns":  {"k : f32[2,1,2,1,3,2] = [1,2,3,4,5,6,7,8,9,10,11,12,1,2,3,4,5,6,7,8,9,10,11,12]", "MatMul(%m, %k)"},
		"matrices":           {"k : f32[2,3,2] = [1,2,3,4,5,6,7,8,9,10,11,12]", "MatMul(%m, %k)"},
		"axes out and in":    {"a : i64[2] = [0,3];b : i64[1] = [0]", "Unsqueeze(%m, %a) @u\n  %s : ?[?] = Squeeze(%n0, %b)"},
		"a row of operators": {"a : i64[1] = [3]", "Transpose(%m) {perm=[0,2,4,1,3,5]} @u\n  %q : ?[?] = Neg(%n0) @q\n  %s : ?[?] = ReduceMax(%q, %a)"},
	} {
		t.Run(name, func(t *testing.T) {
			var consts strings.Builder
			for _, k := range strings.Split(c.consts, ";") {
				if k != "" {
					consts.WriteString("  const %" + k + "\n")
				}
			}
			last := "n0"
			if strings.Contains(c.nodes, "%s : ?") {
				last = "s"
			}
			nodes := c.nodes
			if name == "pad" {
				nodes = "Pad(%m, %p, %z, %a)"
				consts.WriteString("  const %z : f32[] = [0.5]\n")
			}
			text := fmt.Sprintf("graph g {\n  input %%x : f32[8,9]\n  const %%many : i64[6] = [%s]\n  const %%all : i64[1] = [-1]\n%s  %%m : ?[?] = Reshape(%%x, %%many) @m\n  %%n0 : ?[?] = %s @n\n  %%y : ?[?] = Reshape(%%%s, %%all) @y\n  output %%y\n}\n",
				six, consts.String(), nodes, last)
			inFewer(t, text, op.Accumulating, 8, 9)
		})
	}
}

// inFewer has a graph of one input of the given sizes made legal where tensors have few
// axes, and compares what it computes with what it computed before.
func inFewer(t *testing.T, text string, tol op.Tolerance, sizes ...int) {
	t.Helper()
	reg := all.Registry()
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	x, err := ir.Noise(tensor.Float32, 3, sizes...)
	if err != nil {
		t.Fatal(err)
	}
	feeds := map[string]*tensor.Tensor{"x": x}
	want, err := testkit.Eval(reg, g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	if l := legalize.Run(context.Background(), g, reg, flat{}, target.Options{}); l.Err() != nil {
		t.Fatal(l)
	}
	for _, n := range g.Nodes {
		if why := (flat{}).Legal(n, target.Options{}); why != nil {
			t.Error(why)
		}
	}
	got, err := testkit.Eval(reg, g, feeds)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Close(t, got[0], want[0], tol)
}

// TestFewerAxesOpen: one size may be open.
func TestFewerAxesOpen(t *testing.T) {
	inFewer(t, `graph g {
  input %x : f32[N,4,6,2]
  const %many : i64[6] = [-1,2,2,2,3,2]
  const %rows : i64[3] = [-1,6,2]
  %m : ?[?] = Reshape(%x, %many) @m
  %t : ?[?] = Transpose(%m) {perm=[0,1,3,2,4,5]} @t
  %y : ?[?] = Reshape(%t, %rows) @y
  output %y
}
`, op.Exact, 3, 4, 6, 2)
}

// TestManyAxesRefused: what keeps many axes is named with its reason.
func TestManyAxesRefused(t *testing.T) {
	reg := all.Registry()
	for text, want := range map[string]string{
		"  input %x : f32[2,1,3,2,2]\n  %y : ?[?] = Relu(%x) @r\n  output %y\n": "Relu of [2,1,3,2,2]",
		// Five axes of which no two neighbours are repeated alike.
		"  input %x : f32[3,3]\n  const %k : f32[2,1,3,1,2] = [1,2,3,4,5,6,7,8,9,10,11,12]\n  const %m : i64[5] = [1,3,1,3,1]\n" +
			"  const %g : i64[1] = [-1]\n  %a : ?[?] = Reshape(%x, %m) @a\n  %q : ?[?] = Add(%a, %k) @q\n  %y : ?[?] = Reshape(%q, %g) @y\n  output %y\n": "Add of",
		// Without axes it reduces none.
		"  input %x : f32[3,3]\n  const %m : i64[5] = [1,3,1,3,1]\n  const %g : i64[1] = [-1]\n  %a : ?[?] = Reshape(%x, %m) @a\n" +
			"  %q : ?[?] = ReduceMean(%a) {noop_with_empty_axes=1} @q\n  %y : ?[?] = Reshape(%q, %g) @y\n  output %y\n": "ReduceMean of",
	} {
		g, err := ir.Parse("graph g {\n" + text + "}\n")
		if err != nil {
			t.Fatal(err)
		}
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		if l := legalize.Run(context.Background(), g, reg, flat{}, target.Options{}); l.Err() == nil || !strings.Contains(l.Error(), want) {
			t.Errorf("%v does not say %q", l, want)
		}
	}
}
