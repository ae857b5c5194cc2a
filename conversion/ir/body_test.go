package ir_test

import (
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

const bodies = `graph g {
  input %s : seq<f32[3,each.s.1]>[?]
  input %o : optional<seq<i64[]>[2]>[?]
  input %p : optional<?[?]>[1]
  input %x : f32[2]
  %e : optional<seq<i64[]>[?]>[0] = Optional() {type=type seq<i64[]>[?]} @empty
  %y : f32[2], %n : i64[] = If(%c, %x, %s) {captured_inputs=2, else_branch=graph no {
    input %x : f32[2]
    input %s : seq<f32[3,each.s.1]>[?]
    %l : i64[] = SequenceLength(%s) @count
    output %x
    output %l
  }, then_branch=graph yes {
    input %x : f32[2]
    input %s : seq<f32[3,each.s.1]>[?]
    const %one : i64[] = [1]
    %z : f32[2] = Neg(%x) @neg
    output %z
    output %one
  }} @if
  output %y
  output %n
  output %e
}
`

func TestBodyText(t *testing.T) {
	text := strings.Replace(bodies, "input %x : f32[2]\n  %e", "input %x : f32[2]\n  input %c : bool[]\n  %e", 1)
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := ir.Text(g); again != text {
		t.Errorf("printed as\n%s\nread\n%s", again, text)
	}
	if s := g.Inputs[0]; s.DType != tensor.Sequence || s.Elem.DType != tensor.Float32 || s.Shape != nil || !s.IsContainer() {
		t.Errorf("the sequence is %v", s.Type())
	}
	if o := g.Inputs[1]; o.Elem.DType != tensor.Sequence || o.Elem.Elem.DType != tensor.Int64 || !o.Elem.Shape.Equal(ir.Dims(2)) {
		t.Errorf("the optional value is %v", o.Type())
	}
	if again := ir.Text(g.Clone()); again != text {
		t.Errorf("a clone prints\n%s", again)
	}
	// A clone's bodies are its own.
	c := g.Clone()
	c.Nodes[1].Graph("then_branch").Nodes[0].Op = "Abs"
	if g.Nodes[1].Graph("then_branch").Nodes[0].Op != "Neg" {
		t.Error("a clone shares bodies")
	}
	for _, bad := range []string{"seq<f32[2]", "seq<seq<seq<seq<seq<f32[]>[]>[]>[]>[]>[]", "f32<f32[]>[]", "seq[2]"} {
		if _, err := ir.Parse("graph g {\n input %x : " + bad + "\n output %x\n}"); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestJoin(t *testing.T) {
	parse := func(s string) ir.Type {
		g, err := ir.Parse("graph g {\n input %x : " + s + "\n output %x\n}")
		if err != nil {
			t.Fatal(err)
		}
		return g.Inputs[0].Type()
	}
	fresh := func(axis int) ir.Dim { return ir.Symbol("new" + string(rune('0'+axis))) }
	for _, c := range []struct{ a, b, want string }{
		{"f32[2,3]", "f32[2,3]", "f32[2,3]"},
		{"f32[2,3]", "f32[2,4]", "f32[2,new1]"},
		{"f32[N]", "f32[N]", "f32[N]"},
		{"f32[2]", "f32[2,3]", "f32[?]"},
		{"f32[2]", "i32[2]", ""},
		{"f32[2]", "?[?]", "?[?]"},
		{"seq<f32[2]>[0]", "seq<f32[3]>[1]", "seq<f32[3]>[?]"},
		{"seq<f32[2]>[1]", "seq<f32[3]>[1]", "seq<f32[each.new0]>[1]"},
		{"seq<f32[2]>[1]", "optional<f32[2]>[1]", ""},
		{"optional<f32[2]>[0]", "optional<f32[3]>[1]", "optional<f32[3]>[?]"},
	} {
		got, err := parse(c.a).Join(parse(c.b), fresh)
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%s and %s give %v", c.a, c.b, got)
		case c.want != "" && (err != nil || got.String() != c.want):
			t.Errorf("%s and %s give %v (%v), want %s", c.a, c.b, got, err, c.want)
		}
	}
	one := *parse("seq<f32[3,each.s.1]>[?]").Elem
	if got := one.One(fresh).String(); got != "f32[3,new1]" {
		t.Errorf("one of them is %s", got)
	}
}
