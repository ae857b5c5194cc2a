package ncnn

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestWhere has choices that are known, between constants, infinite ones among
// them, and a result, spread along either.
func TestWhere(t *testing.T) {
	reg := ops.Registry()
	inf := float32(math.Inf(1))
	var jobs []job
	var names []string
	var want [][]float32
	for i, c := range []struct {
		x, cond, k []int
		swap       bool
		values     []float32
	}{
		{[]int{1, 2, 3, 3}, []int{3, 3}, []int{}, false, []float32{-inf}},
		{[]int{1, 2, 3, 3}, []int{3, 3}, []int{}, true, []float32{0}},
		{[]int{1, 2, 3, 3}, []int{3, 3}, []int{3}, false, []float32{5, -7, inf}},
		{[]int{1, 3}, []int{2, 1}, []int{1}, false, []float32{4}},
		{[]int{1, 2, 3}, []int{1, 3}, []int{2, 1}, true, []float32{-0.5, 2}},
	} {
		truths := tensor.New(tensor.Bool, c.cond...)
		for k := range truths.Bytes() {
			truths.Bytes()[k] = byte((k + k/3) % 2)
		}
		g := ir.New("g")
		x := g.AddInput("x", tensor.Float32, ir.Dims(c.x...))
		r := g.AddNode("Neg", "r", nil, []*ir.Value{x}, "r").Outputs[0]
		in := []*ir.Value{g.AddConst("c", truths), r, g.AddConst("k", tensor.Of(c.values, c.k...))}
		if c.swap {
			in[1], in[2] = in[2], in[1]
		}
		g.Outputs = g.AddNode("Where", "where", nil, in, "y").Outputs
		if err := reg.InferGraph(g); err != nil {
			t.Fatal(err)
		}
		v, err := ir.Noise(tensor.Float32, 3, c.x...)
		if err != nil {
			t.Fatal(err)
		}
		tensor.View[float32](v)[0] = inf
		out, err := testkit.Eval(reg, g, map[string]*tensor.Tensor{"x": v})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := (Target{}).Write(context.Background(), g, dir, target.Options{Name: "g"}); err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		jobs, names, want = append(jobs, job{dir, "g", []*tensor.Tensor{v}, 1}), append(names, fmt.Sprint(i)), append(want, out[0].Float32s())
	}
	for i, got := range vendor(t, jobs) {
		if got.err != "" {
			t.Errorf("%s: %s", names[i], got.err)
			continue
		}
		for k, w := range want[i] {
			if g := got.outputs[0][k]; g != w {
				t.Errorf("%s: element %d is %v, want %v", names[i], k, g, w)
			}
		}
	}
}

// TestWhereRefuses: what is not a number would be chosen everywhere.
func TestWhereRefuses(t *testing.T) {
	for _, text := range []string{
		"graph g {\n  input %x : f32[1,3]\n  input %c : bool[1,3]\n  const %k : f32[] = [nan]\n  %y : f32[1,3] = Where(%c, %x, %k) @y\n  output %y\n}\n",
		"graph g {\n  input %x : f32[1,3]\n  const %c : bool[3] = [1,0,1]\n  const %k : f32[] = [nan]\n  %y : f32[1,3] = Where(%c, %x, %k) @y\n  output %y\n}\n",
	} {
		g := parse(t, text)
		if f := (Target{}).Legal(g.Nodes[len(g.Nodes)-1], target.Options{}); f == nil || !strings.Contains(f.Text, "not a number") {
			t.Errorf("%v does not tell that nothing is chosen that is not a number", f)
		}
	}
}
