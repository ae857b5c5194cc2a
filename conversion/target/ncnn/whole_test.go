package ncnn

import (
	"context"
	"math"
	"strings"
	"testing"

	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// masked is a graph of an attention mask and scores, which node makes y of type of.
func masked(consts, node string) string {
	s := graph("m : i64[1,5];x : f32[1,2,5,5]", consts, node)
	return strings.Replace(s, "  %y :", "  %b : ?[?] = Cast(%m) {to=9} @b\n  %y :", 1)
}

// number ends a graph with a Cast to floats.
func number(text string) string {
	text = strings.Replace(text, "  %y :", "  %r :", 1)
	return strings.Replace(text, "  output %y", "  %y : ?[?] = Cast(%r) {to=1} @float\n  output %y", 1)
}

// TestWholeNumbers: masks, positions and comparisons of whole numbers in blobs of
// floats.
func TestWholeNumbers(t *testing.T) {
	two := "m : i64[2,5];k : i32[2,1]"
	graphs := map[string]string{
		"truth":             number(masked("", "Not(%b)")),
		"and":               number(masked("c : bool[5,1] = [true,false,true,true,false]", "And(%b, %c)")),
		"or":                number(masked("c : bool[5,1] = [true,false,true,true,false]", "Or(%b, %c)")),
		"xor":               number(masked("c : bool[5,1] = [true,false,true,true,false]", "Xor(%b, %c)")),
		"mask":              masked("z : f32[] = [0];l : f32[] = [-3.4028234e38]", "Where(%b, %z, %l)"),
		"mask of one":       masked("z : f32[] = [1.5];l : f32[] = [0]", "Where(%b, %z, %l)"),
		"endless mask":      masked("z : f32[] = [0];l : f32[] = [-inf]", "Where(%b, %z, %l)"),
		"masked scores":     masked("l : f32[] = [-3.4028234e38]", "Where(%b, %x, %l)"),
		"endless scores":    masked("l : f32[] = [-inf]", "Where(%b, %l, %x)"),
		"row of numbers":    masked("l : f32[5] = [1,-2,3,inf,-inf];k : f32[] = [0.1]", "Where(%b, %l, %k)"),
		"two results":       strings.Replace(masked("", "Where(%b, %x, %n)"), "  %y :", "  %n : ?[?] = Neg(%x) @neg\n  %y :", 1),
		"known, two":        strings.Replace(masked("c : bool[5,1] = [true,false,true,true,false]", "Where(%c, %x, %n)"), "  %y :", "  %n : ?[?] = Neg(%x) @neg\n  %y :", 1),
		"equal":             number(graph("m : i64[2,5]", "c : i64[] = [1]", "Equal(%m, %c)")),
		"less":              number(graph(two, "c : i64[5] = [0,1,2,3,-1]", "Less(%m, %c)")),
		"greater":           number(graph(two, "c : i64[5] = [0,1,2,3,-1]", "Greater(%m, %c)")),
		"at most":           number(graph(two, "c : i64[5] = [0,1,2,3,-1]", "LessOrEqual(%m, %c)")),
		"at least":          number(graph(two, "c : i64[5] = [0,1,2,3,-1]", "GreaterOrEqual(%m, %c)")),
		"less float":        number(graph("x : f32[2,3,2]", "c : f32[2] = [-0.5,inf]", "Less(%x, %c)")),
		"greater float":     number(graph("x : f32[2,3,2]", "c : f32[2] = [-0.5,-inf]", "Greater(%x, %c)")),
		"at most float":     number(graph("x : f32[2,3,2]", "c : f32[2] = [-0.5,1]", "LessOrEqual(%x, %c)")),
		"at least float":    number(graph("x : f32[2,3,2]", "c : f32[2] = [-0.5,1]", "GreaterOrEqual(%x, %c)")),
		"equal float":       number(graph("x : f32[2,3,2]", "c : f32[2] = [-0.5,1]", "Equal(%x, %c)")),
		"equal either":      number(graph("x : f32[2,3,2];z : f32[2,1,1]", "", "Equal(%x, %z)")),
		"at most either":    number(graph("x : f32[2,3,2];z : f32[2,1,1]", "", "LessOrEqual(%x, %z)")),
		"at least either":   number(graph("x : f32[2,3,2];z : f32[2,1,1]", "", "GreaterOrEqual(%x, %z)")),
		"equal endless":     number(graph("x : f32[2,3,2]", "c : f32[2] = [inf,-inf]", "Equal(%x, %c)")),
		"not zero":          number(graph("x : f32[2,3,2]", "", "Cast(%x) {to=9}")),
		"sums":              number(graph("m : i64[2,5]", "a : i64[] = [1]", "CumSum(%m, %a)")),
		"sums before":       number(graph("m : i64[2,5]", "a : i64[] = [-1]", "CumSum(%m, %a) {exclusive=1}")),
		"sums down":         graph("x : f32[2,3,2,2,3]", "a : i64[] = [1]", "CumSum(%x, %a)"),
		"sums before down":  graph("x : f32[3,2,2]", "a : i64[] = [0]", "CumSum(%x, %a) {exclusive=1}"),
		"product":           number(graph("m : i32[2,5];k : i32[2,1]", "", "Mul(%m, %k)")),
		"remainder":         number(graph("m : i64[2,5]", "c : i64[] = [7]", "Mod(%m, %c)")),
		"remainders":        number(graph("m : i64[2,5]", "c : i64[5] = [-3,4,1,-16777215,5]", "Mod(%m, %c)")),
		"remainder as in C": number(graph("m : i64[2,5]", "c : i64[5] = [-3,4,1,-16777215,5]", "Mod(%m, %c) {fmod=1}")),
		"whole quotient":    number(graph("m : i64[2,5]", "c : i64[5] = [-3,4,1,-16777215,5]", "Div(%m, %c)")),
		"quotient of data":  number(graph("k : i32[2,1]", "c : i32[1,3] = [-7,4,16777213]", "Div(%c, %k)")),
		"remainder of data": number(graph("k : i32[2,1]", "c : i32[1,3] = [-7,4,16777213]", "Mod(%c, %k)")),
		"towards zero":      number(graph("x : f32[2,3,2]", "", "Cast(%x) {to=7}")),
		"largest":           number(graph("m : i64[2,5]", "", "ArgMax(%m) {axis=1}")),
		"last largest":      number(graph("m : i64[2,5]", "", "ArgMax(%m) {axis=1, select_last_index=1, keepdims=0}")),
		"largest float":     number(graph("x : f32[2,3,2]", "", "ArgMax(%x) {axis=1}")),
		"smallest float":    number(graph("x : f32[2,3,2]", "", "ArgMin(%x) {axis=1, select_last_index=1}")),
		"numbers out":       graph("m : i64[2,5]", "c : i64[] = [-1]", "Mul(%m, %c)"),
		"sizes as floats":   graph("m : i64[2,5]", "", "Mul(%f, %f)"),
		"sizes out":         graph("m : i64[2,5]", "", "Shape(%m)"),
		"smallest":          number(graph("m : i64[2,5]", "", "ArgMin(%m) {axis=0}")),
	}
	graphs["sizes as floats"] = strings.Replace(graphs["sizes as floats"], "  %y :", "  %s : ?[?] = Shape(%m) @s\n  %f : ?[?] = Cast(%s) {to=1} @f\n  %y :", 1)
	feeds := map[string]map[string]*tensor.Tensor{}
	for name := range graphs {
		feeds[name] = map[string]*tensor.Tensor{
			"m": tensor.Of([]int64{1, 1, 0, 2, -1}, 1, 5), "x": tensor.Of([]float32{-1.5, 2.5, -0.5, 0, 3, 1, 7, -7.75, 2, 1, -1, -2}, 2, 3, 2),
		}
		if !strings.Contains(graphs[name], "%b :") {
			feeds[name]["m"] = tensor.Of([]int64{1, 1, 0, 2, -1, 16777216, -16777216, 3, 1, 16777215}, 2, 5)
		}
		if name == "sums" || name == "sums before" {
			feeds[name]["m"] = tensor.Of([]int64{1, 1, 0, 2, -1, 8388608, 8388607, 0, 1, -3}, 2, 5)
		}
		if strings.Contains(graphs[name], "%x : f32[1,2,5,5]") || strings.HasPrefix(name, "sums ") {
			delete(feeds[name], "x")
		}
		if strings.HasSuffix(name, "float") || strings.HasSuffix(name, "either") || name == "not zero" || name == "equal endless" {
			inf, nan := float32(math.Inf(1)), float32(math.NaN())
			feeds[name]["x"] = tensor.Of([]float32{-0.5, 2.5, nan, -inf, 3, 1, inf, inf, -inf, -inf, nan, math.MaxFloat32}, 2, 3, 2)
			feeds[name]["z"] = tensor.Of([]float32{-inf, inf}, 2, 1, 1)
		}
		if strings.HasSuffix(name, "est float") {
			inf := float32(math.Inf(1))
			feeds[name]["x"] = tensor.Of([]float32{-0.5, inf, 2, 3, 2, inf, -inf, 1, 5, -inf, 5, -inf}, 2, 3, 2)
		}
		if name == "product" {
			feeds[name]["m"], feeds[name]["k"] = tensor.Of([]int32{1, 2, 3, 4, 5, -6, 7, 8, 9, 4095}, 2, 5), tensor.Of([]int32{-3, 4097}, 2, 1)
		} else {
			feeds[name]["k"] = tensor.Of([]int32{1, 2}, 2, 1)
		}
		if strings.HasSuffix(name, "of data") {
			feeds[name]["k"] = tensor.Of([]int32{-3, 5}, 2, 1)
		}
	}
	computes(t, graphs, feeds)
}

// TestComputedPlaces: places that are computed, also from the end, and numbers of
// places.
func TestComputedPlaces(t *testing.T) {
	const plus = "  %j : ?[?] = Add(%i, %o) @j\n  %y :"
	more := func(text string) string { return strings.Replace(text, "  %y :", plus, 1) }
	one := "o : i64[] = [-1]"
	graphs := map[string]string{
		"rows":           more(graph("i : i64[1,4]", one+";t : f32[3,2] = [1,2,3,4,5,6]", "Gather(%t, %j)")),
		"rows of data":   more(graph("i : i64[1,4];x : f32[3,2,2]", one, "Gather(%x, %j)")),
		"columns":        more(graph("i : i64[1,4];x : f32[2,2,3]", one, "Gather(%x, %j) {axis=2}")),
		"between":        more(graph("i : i64[1,4];x : f32[2,3,2,2]", one, "Gather(%x, %j) {axis=1}")),
		"the only one":   more(graph("i : i64[2,1];x : f32[2,1,2]", "o : i64[] = [-2]", "Gather(%x, %j) {axis=1}")),
		"two axes":       more(graph("i : i64[2,2];x : f32[3,4,5]", one, "GatherND(%x, %j)")),
		"all axes":       more(graph("i : i64[2,2];x : f32[3,4]", one, "GatherND(%x, %j)")),
		"the same":       more(graph("i : i64[1,4];x : f32[1,4]", one+";t : f32[1,9] = [7,7,7,7,7,7,7,7,7]", "GatherElements(%t, %j) {axis=1}")),
		"tokens counted": strings.Replace(graph("i : i64[1,4]", "p : i64[] = [1];t : f32[4,2] = [1,2,3,4,5,6,7,8]", "Mul(%e, %g)"), "  %y :", "  %e : ?[?] = Gather(%t, %i) @e\n  %q : ?[?] = Equal(%i, %p) @q\n  %u : ?[?] = Cast(%q) {to=7} @u\n  %s : ?[?] = CumSum(%u, %p) @s\n  %g : ?[?] = Gather(%t, %s) @g\n  %y :", 1),
	}
	feeds := map[string]map[string]*tensor.Tensor{}
	for name := range graphs {
		feeds[name] = map[string]*tensor.Tensor{"i": tensor.Of([]int64{3, 0, 1, 2}, 1, 4)}
		switch name {
		case "two axes", "all axes":
			feeds[name]["i"] = tensor.Of([]int64{3, 0, 1, 2}, 2, 2)
		case "the only one":
			feeds[name]["i"] = tensor.Of([]int64{1, 2}, 2, 1)
		case "tokens counted":
			feeds[name]["i"] = tensor.Of([]int64{1, 0, 3, 1}, 1, 4)
		}
	}
	computes(t, graphs, feeds)
}

// TestWholeNumbersLost: what floats do not hold is refused, or told.
func TestWholeNumbersLost(t *testing.T) {
	for text, want := range map[string]string{
		number(graph("m : i64[3]", "c : i64[] = [16777217]", "Add(%m, %c)")): "larger ones",
		number(graph("m : u8[3]", "c : u8[] = [1]", "Add(%m, %c)")):          "works on u8",
		number(graph("x : f32[3]", "", "Cast(%x) {to=2}")):                   "not possible",
		graph("x : f32[3]", "a : i64[] = [0]", "CumSum(%x, %a) {reverse=1}"): "forward",
	} {
		if why := prepare(t, parse(t, text)); !strings.Contains(why, want) {
			t.Errorf("%q does not say %q", why, want)
		}
	}
	for text, want := range map[string]bool{
		number(graph("m : i64[1,3]", "a : i64[] = [1]", "CumSum(%m, %a)")): true,
		number(strings.Replace(graph("m : i64[1,3]", "a : i64[] = [1]", "CumSum(%u, %a)"), "  %y :", "  %q : ?[?] = Equal(%m, %a) @q\n  %u : ?[?] = Cast(%q) {to=7} @u\n  %y :", 1)): false,
	} {
		a, err := Target{}.Write(context.Background(), parse(t, text), t.TempDir(), target.Options{Name: "g"})
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, f := range a.Findings {
			told = told || f.Code == "ncnn.int-float" && strings.Contains(f.Text, "CumSum")
		}
		if told != want {
			t.Errorf("told: %v, %v", told, a.Findings)
		}
	}
}
