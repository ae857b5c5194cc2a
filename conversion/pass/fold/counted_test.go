package fold_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/fold"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestCountedOnce: a loop that stays, as it is long, is counted once and left alone
// then.
func TestCountedOnce(t *testing.T) {
	g, err := ir.Parse(`graph g {
  input %x : f32[2]
  const %limit : i64[] = [2000]
  const %go : bool[] = [1]
  %y : ?[?] = Loop(%limit, %go, %x) {body=graph body {
    input %i : ?[?]
    input %was : ?[?]
    input %s : ?[?]
    const %last : i64[] = [98]
    %early : ?[?] = Less(%i, %last) @early
    %t : ?[?] = Sin(%s) @sin
    output %early
    output %t
  }} @loop
  output %y
}
`)
	if err != nil {
		t.Fatal(err)
	}
	reg := ops.Registry()
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	for round, want := range []int{1, 0, 0} {
		rep, err := fold.Control.Run1(context.Background(), g, reg, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if trips, ok := g.Nodes[0].In(0).ConstInts(); rep.Fired != want || !ok || trips[0] != 99 {
			t.Errorf("round %d: fired %d times, want %d; %v iterations", round, rep.Fired, want, trips)
		}
	}
}

// TestCounted: loops that end by a condition on what is known ahead are taken
// apart, and those on what is computed from inputs stay.
func TestCounted(t *testing.T) {
	const form = `graph g {
  input %%x : f32[2]
  const %%limit : i64[] = [%d]
  const %%go : bool[] = [%d]
  const %%start : i32[] = [3]
  %%n : ?[?], %%y : ?[?], %%all : ?[?], %%flags : ?[?] = Loop(%s, %%go, %%start, %%x, %%x) {captured_inputs=1, body=graph body {
    input %%i : ?[?]
    input %%was : ?[?]
    input %%k : ?[?]
    input %%s : ?[?]
    input %%c : ?[?]
    const %%one : i32[] = [1]
    const %%end : i32[] = [7]
    const %%last : i64[] = [5]
    const %%first : i64[] = [0]
    %%next : ?[?] = Add(%%k, %%one) @next
    %%below : ?[?] = Less(%%next, %%end) @below
    %%early : ?[?] = Less(%%i, %%last) @early
    %%known : ?[?] = And(%%below, %%early) @known
    %%t : ?[?] = Add(%%s, %%c) @add
    %%e : ?[?] = Gather(%%t, %%first) @element
    %%positive : ?[?] = Cast(%%e) {to=9} @positive
    %%flag : ?[?] = Cast(%s) {to=1} @flag
    output %s
    output %%next
    output %%t
    output %%t
    output %%flag
  }} @loop
  output %%n
  output %%y
  output %%all
  output %%flags
}
`
	for _, c := range []struct {
		limit, start     int
		trips, condition string
		loops            int
	}{
		{9, 1, "%limit", "%known", 0}, // 4 times: 3 counts to 7
		{2, 1, "%limit", "%known", 0}, // cut short
		{9, 1, "_", "%known", 0},      // by its condition alone
		{9, 1, "_", "%early", 0},      // by the iteration's number
		{9, 0, "%limit", "%known", 0}, // never
		{9, 1, "%limit", "%positive", 1},
	} {
		text := fmt.Sprintf(form, c.limit, c.start, c.trips, c.condition, c.condition)
		g, err := ir.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		reg := ops.Registry()
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		in := map[string]*tensor.Tensor{"x": tensor.Of([]float32{1, -2}, 2)}
		want, err := testkit.Eval(reg, g, in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fold.Control.Run1(context.Background(), g, reg, nil, nil); err != nil {
			t.Fatal(err)
		}
		loops := 0
		for _, n := range g.Nodes {
			if n.Op == "Loop" {
				loops++
			}
		}
		got, err := testkit.Eval(reg, g, in)
		if err != nil {
			t.Fatal(err)
		}
		if loops != c.loops || !slices.EqualFunc(got, want, tensor.Equal) {
			t.Errorf("%+v: %d loops left; gives %v, want %v", c, loops, got, want)
		}
	}
}
