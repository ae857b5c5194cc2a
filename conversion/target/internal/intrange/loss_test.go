package intrange

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
)

// single are operators that a runtime might compute in floats.
func single(n *ir.Node) bool {
	return slices.Contains([]string{"Div", "Equal", "Less", "Clip", "ReduceSum", "ReduceMax", "Mod"}, n.Op)
}

// TestCheck has graphs of one operator or a few; x, y are 64-bit integers of the
// data, table has 100 rows, and zero, one, two, big are constants.
func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, nodes, want string }{
		{"words are places", "%out : f32[2,8,4] = Gather(%table, %x) {axis=0}", ""},
		{"words beside one another are places", "%a : i64[2,8] = Add(%x, %one)\n%out : f32[2,8,4] = Gather(%table, %a) {axis=0}", ""},
		{"what a place is beside", "%out : f32[2,8,4] = Gather(%table, %x) {axis=0}\n%b : i64[2,8] = Mul(%x, %x)", ""},
		{"positions", "%a : i64[2,8] = CumSum(%x, %one)\n%b : i64[2,8] = Mul(%a, %x)\n%out : f32[2,8,4] = Gather(%table, %b) {axis=0}", ""},
		{"positions that are given, too", "%a : i64[2,8] = CumSum(%x, %one)\n%b : i64[2,8] = Mul(%a, %x)\n%c : f32[2,8,4] = Gather(%table, %b) {axis=0}\n%out : i64[2,8] = Identity(%a)", "cut CumSum; inputs x"},
		{"places from the end", "%a : bool[2,8] = Less(%x, %zero)\n%b : i64[2,8] = Add(%x, %two)\n%c : i64[2,8] = Where(%a, %b, %x)\n%out : f32[2,8,4] = Gather(%table, %c) {axis=0}", "inputs x"},
		{"numbers", "%out : f32[2,8] = Cast(%x) {to=1}", ""},
		{"a number more", "%out : i64[2,8] = Add(%x, %one)", "inputs x"},
		{"a mask turned over", "%a : i64[2,8] = Sub(%one, %x)\n%out : f32[2,8] = Cast(%a) {to=1}", "inputs x"},
		{"twice", "%out : i64[2,8] = Mul(%x, %two)", "cut Mul; inputs x"},
		{"turned", "%out : i64[2,8] = Neg(%x)", "inputs x"},
		{"a sum", "%out : i64[2,8] = Add(%x, %y)", "cut Add; inputs x y"},
		{"a difference", "%out : i64[2,8] = Sub(%x, %y)", "cut Sub; inputs x y"},
		{"a sum of places", "%a : f32[2,8,4] = Gather(%table, %x) {axis=0}\n%out : i64[2,8] = Mul(%x, %two)", ""},
		{"running sum", "%out : i64[2,8] = CumSum(%x, %one)", "cut CumSum; inputs x"},
		{"running sum of truths", "%a : bool[2,8] = Equal(%x, %zero)\n%b : i64[2,8] = Cast(%a) {to=7}\n%out : i64[2,8] = CumSum(%b, %one)", "inputs x"},
		{"a large factor", "%a : i64[2] = ArgMax(%x) {axis=1, keepdims=0}\n%out : i64[2] = Mul(%a, %big)", "cut Mul; inputs x"},
		{"places times their number", "%a : i64[2] = ArgMax(%x) {axis=1, keepdims=0}\n%out : i64[2] = Mul(%a, %two)", "inputs x"},
		{"sizes", "%a : i64[2] = Shape(%x)\n%b : i64[2] = Mul(%a, %big)\n%out : i64[2] = Mul(%b, %b)", ""},
		{"without a sign, the larger", "%out : u32[2,8] = Max(%u, %u)", "signed Max; inputs u"},
		{"without a sign, wider", "%a : i64[2,8] = Cast(%u) {to=7}\n%out : f32[2,8] = Cast(%a) {to=1}", "signed Cast; inputs u"},
		{"without a sign, a number", "%out : f32[2,8] = Cast(%u) {to=1}", "signed Cast"},
		{"without a sign, low bits", "%a : u32[2,8] = BitwiseAnd(%u, %mask)\n%b : u32[2,8] = Max(%a, %mask)\n%out : i64[2,8] = Cast(%b) {to=7}", "inputs u"},
		{"without a sign, many", "%a : u32[2,8] = BitwiseAnd(%u, %mask)\n%b : u32[2,8] = Min(%a, %many)\n%out : i64[2,8] = Cast(%b) {to=7}", "signed Min; inputs u"},
		{"without a sign, turned", "%out : u32[2,8] = BitwiseNot(%u)", "cut BitwiseNot; inputs u"},
		{"a power", "%out : i64[2,8] = Pow(%x, %two)", "cut Pow; inputs x"},
		{"a product", "%a : i64[1] = Unsqueeze(%one, %axis)\n%out : i64[2] = ReduceProd(%x, %a) {keepdims=0}", "cut ReduceProd; inputs x"},
		{"a quotient", "%out : i64[2,8] = Div(%x, %two)", "rounded Div; inputs x"},
		{"a quotient of places", "%a : i64[2] = ArgMax(%x) {axis=1, keepdims=0}\n%out : i64[2] = Div(%a, %two)", "inputs x"},
		{"compared with a little number", "%out : bool[2,8] = Equal(%x, %two)", "inputs x"},
		{"compared with a large number", "%out : bool[2,8] = Equal(%x, %big)", "rounded Equal; inputs x"},
		{"compared", "%out : bool[2,8] = Equal(%x, %y)", "rounded Equal; inputs x y"},
		{"limited to little", "%out : i64[2,8] = Clip(%x, %zero, %two)", "inputs x"},
		{"limited from below", "%out : i64[2,8] = Clip(%x, %zero)", "rounded Clip; inputs x"},
		{"the length", "%a : bool[2,8] = Equal(%x, %zero)\n%b : i64[2,8] = Cast(%a) {to=7}\n%out : i64[2] = ReduceSum(%b, %axis1) {keepdims=0}", "inputs x"},
		{"added up", "%out : i64[2] = ReduceSum(%x, %axis1) {keepdims=0}", "rounded ReduceSum; inputs x"},
		{"narrow integers wrap as they are", "%a : i32[2,8] = Cast(%x) {to=6}\n%out : i32[2,8] = Mul(%a, %a)", "inputs x"},
		{"doubled many times", doubled(40) + "%out : f32[2,8,4] = Gather(%table, %d40) {axis=0}", ""},
		{"a remainder", "%a : i64[2,8] = Mod(%x, %two)\n%out : i64[2,8] = Mul(%a, %a)", "rounded Mod; inputs x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var nodes string
			for i, n := range strings.Split(c.nodes, "\n") {
				nodes += fmt.Sprintf("  %s @n%d\n", n, i)
			}
			text := `graph g {
  input %x : i64[2,8]
  input %y : i64[2,8]
  input %u : u32[2,8]
  input %table : f32[100,4]
  const %mask : u32[] = [255]
  const %many : u32[] = [3000000000]
  const %zero : i64[] = [0]
  const %one : i64[] = [1]
  const %two : i64[] = [2]
  const %big : i64[] = [16777217000]
  const %axis : i64[1] = [0]
  const %axis1 : i64[1] = [1]
` + nodes + `  output %out
}`
			g, err := ir.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := ops.Registry().InferGraph(g); err != nil {
				t.Fatal(err)
			}
			var got []string
			loss := Check(g, single)
			if l, _ := kinds(loss.Cut); l != "" {
				got = append(got, "cut "+l)
			}
			if l, _ := kinds(loss.Rounded); l != "" {
				got = append(got, "rounded "+l)
			}
			if l, _ := kinds(loss.Signed); l != "" {
				got = append(got, "signed "+l)
			}
			var names []string
			for _, v := range loss.Inputs {
				names = append(names, v.Name)
			}
			if len(names) > 0 {
				got = append(got, fmt.Sprintf("inputs %s", strings.Join(names, " ")))
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("loses %q, want %q", s, c.want)
			}
		})
	}
}

// doubled adds x to itself, and the sum to itself, so many times.
func doubled(times int) string {
	var b strings.Builder
	last := "x"
	for i := range times {
		fmt.Fprintf(&b, "%%d%d : i64[2,8] = Add(%%%s, %%%s)\n", i+1, last, last)
		last = fmt.Sprintf("d%d", i+1)
	}
	return b.String()
}
