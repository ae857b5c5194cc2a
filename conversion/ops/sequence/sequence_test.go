package sequence_test

import (
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func parse(t *testing.T, lines string) *ir.Graph {
	t.Helper()
	g, err := ir.Parse("graph g {\n" + lines + "\n}")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func list(rows ...int) *tensor.Tensor {
	var items []*tensor.Tensor
	for _, r := range rows {
		items = append(items, tensor.New(tensor.Float32, r, 2))
	}
	return tensor.NewSequence(items...)
}

// TestBadArguments: what does not fit is an error of the arithmetic, with the
// place and the length in it.
func TestBadArguments(t *testing.T) {
	const seq = "input %s : seq<f32[each.s.0,2]>[?]\ninput %i : i64[]\n"
	at := func(i int64) *tensor.Tensor { return tensor.Scalar(i) }
	for _, c := range []struct {
		node string
		in   []*tensor.Tensor
		want string
	}{
		{"SequenceAt(%s, %i)", []*tensor.Tensor{list(1, 2), at(2)}, "position 2 is outside a sequence of 2"},
		{"SequenceAt(%s, %i)", []*tensor.Tensor{list(1, 2), at(-3)}, "position -3"},
		{"SequenceAt(%s, %i)", []*tensor.Tensor{list(1), at(-1 << 63)}, "outside"},
		{"SequenceAt(%s, %i)", []*tensor.Tensor{list(1), tensor.Of([]int64{0, 0}, 2)}, "not one integer"},
		{"SequenceAt(%s, %i)", []*tensor.Tensor{tensor.New(tensor.Float32, 2), at(0)}, "not a sequence"},
		{"SequenceErase(%s)", []*tensor.Tensor{list()}, "position -1 is outside a sequence of 0"},
		{"SequenceInsert(%s, %i)", []*tensor.Tensor{list(1), at(0)}, "does not belong"},
		{"ConcatFromSequence(%s) {axis=0}", []*tensor.Tensor{list()}, "empty sequence"},
		{"ConcatFromSequence(%s) {axis=1}", []*tensor.Tensor{list(1, 2)}, ""},
		{"OptionalGetElement(%s)", []*tensor.Tensor{tensor.NewOptional(nil)}, "is empty"},
		{"Relu(%s)", []*tensor.Tensor{list(1)}, "takes tensors"},
		{"Add(%i, %s)", []*tensor.Tensor{at(1), list(1)}, "takes tensors"},
	} {
		g := parse(t, seq+"%y : ?[?] = "+c.node+" @n\noutput %y")
		_, err := all.Registry().EvalNode(g.Nodes[0], c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.node, err, c.want)
		}
	}
}

func TestBadSplits(t *testing.T) {
	x := tensor.New(tensor.Float32, 6, 2)
	for _, c := range []struct {
		split *tensor.Tensor
		parts int // -1: an error
	}{
		{nil, 6},
		{tensor.Scalar(int64(4)), 2},
		{tensor.Scalar(int64(0)), -1},
		{tensor.Scalar(int64(-2)), -1},
		{tensor.Of([]int64{2, 4}, 2), 2},
		{tensor.Of([]int64{2, 5}, 2), -1},
		{tensor.Of([]int64{-2, 8}, 2), -1},
		{tensor.Of([]int64{1 << 62, 1 << 62, 1 << 62, 1 << 62, 6}, 5), -1},
		{tensor.Of([]int64{}, 0), -1},
		{tensor.Of([]float32{2, 4}, 2), -1},
	} {
		in := []*tensor.Tensor{x}
		if c.split != nil {
			in = append(in, c.split)
		}
		for constant := range 2 {
			var consts []int
			if constant == 1 {
				consts = []int{1}
			}
			g, inferErr := testkit.Node(all.Registry(), "SplitToSequence", nil, 1, in, consts...)
			out, err := all.Registry().EvalNode(g.Nodes[0], in)
			switch {
			case c.parts < 0 && err == nil:
				t.Errorf("%v gives %v", c.split, out[0])
			case c.parts >= 0 && (err != nil || inferErr != nil || len(out[0].Items()) != c.parts):
				t.Errorf("%v gives %v, %v, %v", c.split, out, err, inferErr)
			}
		}
	}
}

// TestDifferentSizes: tensors of one sequence need not be alike, and two of them
// are not taken to be.
func TestDifferentSizes(t *testing.T) {
	g := parse(t, `input %s : seq<f32[each.s.0,2]>[?]
	input %i : i64[]
	input %k : i64[]
	%a : ?[?] = SequenceAt(%s, %i) @a
	%b : ?[?] = SequenceAt(%s, %k) @b
	%c : ?[?] = Concat(%a, %b) {axis=0} @c
	%m : ?[?] = SequenceMap(%s, %i) {body=graph each {
		input %x : ?[?]
		input %j : ?[?]
		%n : ?[?] = Shape(%x) @shape
		%o : ?[?] = Gather(%n, %j) @gather
		output %o
	}} @map
	output %c
	output %m`)
	reg := all.Registry()
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	a, b := g.Nodes[0].Out(0), g.Nodes[1].Out(0)
	if a.Shape[0].Equal(b.Shape[0]) || !a.Shape[1].Is(2) {
		t.Errorf("inferred %v and %v", a.Shape, b.Shape)
	}
	out := testkit.Compute(t, g, reg, map[string]*tensor.Tensor{"s": list(1, 3, 2), "i": tensor.Scalar(int64(0)), "k": tensor.Scalar(int64(1))})
	testkit.Close(t, out[0], tensor.New(tensor.Float32, 4, 2), op.Exact)
	testkit.Close(t, out[1], tensor.NewSequence(tensor.Scalar(int64(1)), tensor.Scalar(int64(3)), tensor.Scalar(int64(2))), op.Exact)
	uneven := parse(t, `input %s : seq<f32[each.s.0,2]>[?]
	input %u : seq<f32[each.u.0,2]>[?]
	%m : ?[?] = SequenceMap(%s, %u) {body=graph each {
		input %x : ?[?]
		input %y : ?[?]
		%o : ?[?] = Add(%x, %y) @add
		output %o
	}} @map
	output %m`)
	if err := reg.InferGraph(uneven); err != nil {
		t.Fatal(err)
	}
	if _, err := reg.EvalNode(uneven.Nodes[0], []*tensor.Tensor{list(1, 1), list(1)}); err == nil || !strings.Contains(err.Error(), "has 1 tensors, input 0 2") {
		t.Errorf("uneven: %v", err)
	}
}
