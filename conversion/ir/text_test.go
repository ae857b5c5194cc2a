package ir

import (
	"math"
	"strings"
	"testing"

	"slipway/conversion/tensor"
)

const sample = `graph main {
  meta producer = "a \"b\""
  input %x : f32[N,3,2*H+1,floor((W+1)/2)-1]
  input %"odd name" : i64[?]
  input %scalar : ?[]
  const %w : f32[4,3,1,1] = [1.0,-2.5,inf,1e-08,0.0,0.0,0.0,0.0,0.0,0.0,0.0,3.4028235e+38]
  const %big : f32[3,200] = splat(0.5)
  const %rnd : f16[10,10] = noise(3)
  const %i : i4[3] = [-8,7,0]
  const %b : bool[2] = [true,false]
  const %empty : f32[0] = []
  const %s : string[2] = ["a b",""]
  %y : f32[N,4,2*H+1,W] holds conv1, _, %z : f16[?] = Conv(%x, %w, _, %"odd name") {alpha=0.10000000149011612, auto_pad="SAME", empty=ints[], f=[1.0,2.5], group=-1, k=[1,2], names=["q"], t=tensor i64[2] = [1,2]} @conv1
  %e : f32[N,4] holds a+bne = com.microsoft.Op(%y, %big, %rnd, %i, %b, %empty, %s, %scalar) {then=graph "" {
    input %x : f32[1]
    %r : f32[1] = Relu(%x) @Relu from none
    output %r
  }} @"n 2" from a, bne by "fuse x"
  output %e
  output %z
}
`

func TestTextRoundTrip(t *testing.T) {
	g, err := Parse(strings.Replace(sample, "f32[4,3,1,1]", "f32[12]", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(sample, "f32[4,3,1,1]", "f32[12]", 1)
	if got := Text(g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	n := g.Nodes[0]
	if n.Out(1) != nil || n.In(2) != nil || n.Attrs["group"] != int64(-1) || n.Outputs[0].Layers[0] != "conv1" {
		t.Errorf("node read as %+v", n)
	}
	if d := g.Inputs[0].Shape[3]; !d.Equal(Symbol("W").AddInt(-1).FloorDiv(2)) {
		t.Errorf("dimension read as %v", d)
	}
}

func TestTextOfBits(t *testing.T) {
	nan := math.Float32frombits(0x7fc12345)
	for _, c := range []*tensor.Tensor{
		tensor.Of([]float32{nan, 1}, 2),
		tensor.Of([]uint64{1 << 63}, 1),
		tensor.Of(make([]float64, 100), 100),
		tensor.Of([]float64{math.Pi, 1e300}, 2),
		tensor.Of(func() []int8 {
			v := make([]int8, 300)
			for i := range v {
				v[i] = int8(i)
			}
			return v
		}(), 300),
	} {
		g := New("g")
		n := g.AddNode("Op", "", nil, []*Value{g.AddConst("c", c)}, "y")
		g.Outputs = n.Outputs
		back, err := Parse(Text(g))
		if err != nil {
			t.Errorf("%v: %v\n%s", c, err, Text(g))
			continue
		}
		if got := back.Nodes[0].In(0).Const; !tensor.Equal(got, c) {
			t.Errorf("%v came back as %v", c, got)
		}
	}
}

func TestTextElided(t *testing.T) {
	g := New("g")
	v := make([]float32, 1000)
	v[7] = 1
	n := g.AddNode("Op", "", nil, []*Value{g.AddConst("c", tensor.Of(v, 1000))}, "y")
	g.Outputs = n.Outputs
	var b strings.Builder
	if err := Print(&b, g, PrintOptions{Elide: 100}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "elided(") || b.Len() > 300 {
		t.Errorf("printed %s", b.String())
	}
	if _, err := Parse(b.String()); err == nil || !strings.Contains(err.Error(), "left out") {
		t.Errorf("parsing it gave %v", err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `"graph" expected`},
		{"graph g {", "line 1"},
		{"graph g {\n input %x : f33[1]\n}", "line 2"},
		{"graph g {\n %y : f32[1] = Relu(%x) @r\n}", "%x is not defined"},
		{"graph g {\n input %x : f32[1]\n input %x : f32[1]\n}", "defined twice"},
		{"graph g {\n const %c : f32[2] = [1.0]\n}", "1 elements do not fill"},
		{"graph g {\n const %c : f32[99999999999] = splat(1)\n}", "99999999999"},
		{"graph g {\n input %x : f32[1]\n %y : f32[1] = Relu(%x) {a=[1,\"x\"]} @r\n output %y\n}", "one kind"},
		{"graph g {\n input %x : f32[1]\n output %x\n} more", "after the graph"},
		{"graph g {\n meta a = \"x", "does not end"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q in it", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("graph g { input %x : f32[-N*floor((A+1)/2)] output %x }")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "noise") || strings.Contains(text, "splat") {
			return // generators allocate by design
		}
		g, err := Parse(text)
		if err != nil {
			return
		}
		once := Text(g)
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("%v in\n%s", err, once)
		}
		if twice := Text(again); twice != once {
			t.Fatalf("printed as\n%s\nthen\n%s", once, twice)
		}
	})
}
