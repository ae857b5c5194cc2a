package graphscene

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
	"slipway/ui/graphlayout"
)

// small is x → Conv(weights behind a Cast) → Relu → y, with x also added to the
// result.
func small() *ir.Graph {
	g := ir.New("small")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 2, 4, 4))
	half := g.AddConst("w16", tensor.New(tensor.Float16, 2, 2, 1, 1))
	cast := g.AddNode("Cast", "widen", nil, []*ir.Value{half}, "w")
	bias := g.AddConst("b", tensor.Of([]float32{1, 2}, 2))
	conv := g.AddNode("Conv", "conv", nil, []*ir.Value{x, cast.Outputs[0], bias}, "c")
	relu := g.AddNode("Relu", "relu", nil, []*ir.Value{conv.Outputs[0]}, "r")
	add := g.AddNode("Add", "add", nil, []*ir.Value{relu.Outputs[0], x}, "y")
	g.Outputs = append(g.Outputs, add.Outputs[0])
	return g
}

func TestSceneFoldsConstantsIntoTheirReader(t *testing.T) {
	s := Of(small())
	var ids []string
	for _, n := range s.Nodes {
		ids = append(ids, n.ID)
	}
	if want := []string{":x", "conv", "relu", "add", ":y"}; !slices.Equal(ids, want) {
		t.Fatalf("boxes %v, not %v", ids, want)
	}
	if s.Nodes[0].Kind != graphlayout.Input || s.Nodes[4].Kind != graphlayout.Output {
		t.Error("inputs and outputs are not ports")
	}
	rows := s.Nodes[1].Rows
	if len(rows) != 2 || rows[0].Name != "W" || rows[0].Value != "<2×2×1×1> Cast" && rows[0].Value != "<?> Cast" || rows[1].Value != "1, 2" {
		t.Errorf("rows of conv: %+v", rows)
	}
	type line struct{ from, to string }
	var lines []line
	for _, e := range s.Edges {
		lines = append(lines, line{ids[e.From], ids[e.To]})
	}
	want := []line{{":x", "conv"}, {"conv", "relu"}, {"relu", "add"}, {":x", "add"}, {"add", ":y"}}
	if !slices.Equal(lines, want) {
		t.Errorf("lines %v, not %v", lines, want)
	}
	if s.Edges[0].Source != s.Edges[3].Source {
		t.Error("two lines of one tensor have different sources")
	}
}

func TestSceneKeepsAConstantThatIsReturned(t *testing.T) {
	g := ir.New("g")
	c := g.AddNode("Cast", "cast", nil, []*ir.Value{g.AddConst("k", tensor.Of([]float32{1}, 1))}, "y")
	g.Outputs = append(g.Outputs, c.Outputs[0])
	if s := Of(g); len(s.Nodes) != 2 || len(s.Edges) != 1 {
		t.Errorf("%d boxes, %d lines", len(s.Nodes), len(s.Edges))
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		x     float64
		whole bool
		want  string
	}{{0.123456, false, "0.1235"}, {224, true, "224"}, {1234567, true, "1234567"}, {-1, true, "-1"}, {math.MaxInt64, true, "max"}, {math.MinInt64, true, "min"}} {
		if got := number(c.x, c.whole); got != c.want {
			t.Errorf("%v: %s, want %s", c.x, got, c.want)
		}
	}
}

func TestSVGStandsInsideAPage(t *testing.T) {
	g := small()
	g.Nodes[1].Name = "a<b>&c"
	b, err := SVG(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	s := string(b)
	for _, want := range []string{`<svg class="model-graph"`, ">Conv<", ">Relu<", "a&lt;b&gt;&amp;c", ".model-graph text{", `id="model-graph-a"`, "url(#model-graph-a)"} {
		if !strings.Contains(s, want) {
			t.Errorf("the picture lacks %s", want)
		}
	}
	if strings.Contains(s, "<style>text") || strings.Contains(s, "}.t{") {
		t.Error("a style reaches outside")
	}
	for d := xml.NewDecoder(strings.NewReader(s)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
