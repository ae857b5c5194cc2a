package graph

import (
	"image/color"
	"math"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/plan"
	"slipway/conversion/summary"
	"slipway/conversion/tensor"
	"slipway/profiler/measure"
	"slipway/project"
	"slipway/project/pipeline"
	"slipway/ui/graphscene"
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

func TestDescribeFindsWeightsBehindACast(t *testing.T) {
	g := small()
	var conv *fact
	var jumps []string
	parameters := ""
	for _, s := range describe(nodeNamed(g, "conv")) {
		for i := range s.Facts {
			f := &s.Facts[i]
			if f.Name == "W" {
				conv = f
			}
			if f.Jump != "" {
				jumps = append(jumps, f.Jump)
			}
			if f.Name == "parameters" {
				parameters = f.Value
			}
		}
	}
	if conv == nil || conv.Const == nil || conv.Const.DType() != tensor.Float16 {
		t.Fatalf("the weights are not shown: %+v", conv)
	}
	if !slices.Contains(jumps, "relu") {
		t.Errorf("jumps %v lack the reader", jumps)
	}
	if parameters != "6" {
		t.Errorf("parameters %s, not 4 weights and 2 biases", parameters)
	}
	if nodeNamed(g, "nobody") != nil {
		t.Error("found a node that is not there")
	}
}

func TestHeatOfParametersCountsWhatPassesACast(t *testing.T) {
	g := small()
	sum := &summary.Summary{}
	for _, n := range g.Nodes {
		sum.Layers = append(sum.Layers, summary.LayerOf(n))
	}
	v := &project.Variant{ID: 1, Title: "onnx int8", Result: &pipeline.Result{Report: plan.Report{Precision: map[string]string{"conv": "i8", "add": "f32"}}}}
	bench := project.BenchRow{Variant: 1, Result: measure.Result{Runtime: "ort", Layers: []measure.Layer{{SourceLayers: []string{"conv", "relu"}, MS: 4}, {SourceLayers: []string{"add"}, MS: 1}}}}
	scene := graphscene.Of(g)
	titles := map[string][]float32{}
	for _, c := range heatChoices(g, sum, []*project.Variant{v}, []project.BenchRow{bench}) {
		if h := heatOf(&scene, &c); h != nil {
			titles[c.title] = h.Value
		}
	}
	check := func(title string, want map[string]float64) {
		t.Helper()
		got, ok := titles[title]
		if !ok {
			t.Errorf("no colours for %q in %v", title, titles)
			return
		}
		for i, n := range scene.Nodes {
			w, ok := want[n.ID]
			if !ok && !math.IsNaN(float64(got[i])) || ok && math.Abs(float64(got[i])-w) > 1e-6 {
				t.Errorf("%s of %s: %v, not %v", title, n.ID, got[i], w)
			}
		}
	}
	check("Parameters", map[string]float64{"conv": 1, "relu": 0, "add": 0})
	check("Precision: onnx int8", map[string]float64{"conv": 0, "add": 1})
	check("Time: onnx int8, ort", map[string]float64{"conv": 1, "relu": 1, "add": 0.5})
}

func TestHistogramShowsEveryFilledBin(t *testing.T) {
	img := histogramImage([]int{0, 1, 1000, 0}, 40, 50, color.Black, color.White)
	high := func(x int) int {
		n := 0
		for y := range 49 {
			if img.NRGBAAt(x, y) == (color.NRGBA{A: 255}) {
				n++
			}
		}
		return n
	}
	if got := []int{high(5), high(15), high(25), high(35)}; !slices.Equal(got, []int{0, 1, 48, 0}) {
		t.Errorf("heights %v", got)
	}
}
