package summary

import (
	"math"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
)

func TestNumbersOfASmallNet(t *testing.T) {
	g := ir.New("net")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8, 8))
	w := g.AddConst("w", tensor.New(tensor.Float32, 6, 2, 3, 3))
	n := g.AddNode("Conv", "conv", ir.Attrs{"group": int64(2), "strides": []int64{2, 2}}, []*ir.Value{x, w}, "y")
	n.Out(0).DType, n.Out(0).Shape = tensor.Float32, ir.Dims(1, 6, 4, 4)
	g.Outputs = []*ir.Value{n.Out(0)}
	s := Of(&source.Model{Graph: g, Format: "ONNX"})
	if s.Params != 108 || s.Bytes != 432 || s.MACs != 6*4*4*2*9 || s.Operators["Conv"] != 1 {
		t.Errorf("%+v", s)
	}
	if a := s.Layers[0].Attrs; a != "group=2 strides=[2,2]" {
		t.Errorf("attributes %q", a)
	}
}

func TestStatsLeaveOutWhatIsNotFinite(t *testing.T) {
	s := Stats(tensor.Of([]float32{-1, 0, 3, float32(math.NaN()), float32(math.Inf(1)), 2}, 2, 3))
	if s.Min != -1 || s.Max != 3 || s.Mean != 1 || s.Zeros != 1 || s.NaN != 1 || s.Inf != 1 || s.Histogram[0] != 1 || s.Histogram[Bins-1] != 1 {
		t.Errorf("%+v", s)
	}
}

// TestBodies: what stands in bodies counts, and a constant that several of them
// read counts once.
func TestBodies(t *testing.T) {
	g, err := ir.Parse(`graph g {
	input %c : bool[]
	input %x : f32[2]
	%y : f32[2] = If(%c, %x) {captured_inputs=1, then_branch=graph t {
		input %a : f32[2]
		const %w : f32[2] = [1.0,2.0]
		%b : f32[2] = Mul(%a, %w) @mul
		output %b
	}, else_branch=graph e {
		input %a : f32[2]
		const %v : f32[3] = [1.0,2.0,3.0]
		output %v
	}} @if
	output %y
}`)
	if err != nil {
		t.Fatal(err)
	}
	n := g.Nodes[0]
	shared := n.Graph("then_branch").Nodes[0].In(1).Const
	n.Graph("else_branch").Outputs[0] = n.Graph("else_branch").AddConst("again", shared)
	s := Of(&source.Model{Graph: g})
	if s.Params != 2 || s.Bytes != 8 || s.Operators["Mul"] != 1 || s.Operators["If"] != 1 || len(s.Layers) != 1 {
		t.Errorf("%+v", s)
	}
}
