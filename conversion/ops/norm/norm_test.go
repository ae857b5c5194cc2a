package norm_test

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func read(name string, version int, attrs ir.Attrs, used []bool, in ...*tensor.Tensor) (*ir.Graph, error) {
	g := ir.New("g")
	s := op.NewSrc(g, all.Registry(), attrs)
	s.Op, s.Version, s.Name, s.NumOut, s.OutUsed = name, version, "n", len(used), used
	s.Inputs = []*ir.Value{g.AddInput("x", in[0].DType(), ir.Dims(in[0].Shape()...))}
	for _, c := range in[1:] {
		s.Inputs = append(s.Inputs, g.AddConst("c", c))
	}
	_, err := all.Registry().Get(name).Read(s)
	return g, err
}

// Opset 18 gives one scale a group, opset 21 one a channel.
func TestOldGroupNormalization(t *testing.T) {
	x := tensor.New(tensor.Float32, 1, 4, 2)
	scale, bias := tensor.Of([]float32{1, 2}, 2), tensor.Of([]float32{3, 4}, 2)
	g, err := read("GroupNormalization", 18, ir.Attrs{"num_groups": int64(2)}, []bool{true}, x, scale, bias)
	if err != nil {
		t.Fatal(err)
	}
	n := g.Nodes[0]
	testkit.Close(t, n.In(1).Const, tensor.Of([]float32{1, 1, 2, 2}, 4), op.Exact)
	testkit.Close(t, n.In(2).Const, tensor.Of([]float32{3, 3, 4, 4}, 4), op.Exact)
	if _, err := read("GroupNormalization", 21, ir.Attrs{"num_groups": int64(2)}, []bool{true}, x, scale, bias); err == nil {
		t.Error("two scales for four channels pass in opset 21")
	}
}

func TestBatchNormalizationReader(t *testing.T) {
	x, c := tensor.New(tensor.Float32, 1, 2, 3), tensor.Of([]float32{1, 1}, 2)
	for _, tc := range []struct {
		name    string
		version int
		attrs   ir.Attrs
		used    []bool
		ok      bool
	}{
		{"inference", 15, ir.Attrs{"momentum": 0.9, "epsilon": 1e-3}, []bool{true}, true},
		{"opset 7 with unused statistics", 7, ir.Attrs{"spatial": int64(1)}, []bool{true, false, false}, true},
		{"opset 7 with used statistics", 7, ir.Attrs{}, []bool{true, true}, false},
		{"training is another form", 14, ir.Attrs{"training_mode": int64(1)}, []bool{true}, true},
		{"not spatial", 7, ir.Attrs{"spatial": int64(0)}, []bool{true}, false},
		{"unknown attribute", 15, ir.Attrs{"fancy": int64(1)}, []bool{true}, false},
	} {
		g, err := read("BatchNormalization", tc.version, tc.attrs, tc.used, x, c, c, c, c)
		if (err == nil) != tc.ok {
			t.Errorf("%s: error %v", tc.name, err)
		}
		if err == nil && (len(g.Nodes[0].Outputs) != 1 || g.Nodes[0].Has("momentum")) {
			t.Errorf("%s: %v with %d outputs", tc.name, g.Nodes[0].Attrs, len(g.Nodes[0].Outputs))
		}
	}
}

// A constant line has variance 0, so that epsilon alone divides.
func TestEpsilonDecides(t *testing.T) {
	x := tensor.Of([]float32{5, 5, 5, 5}, 1, 1, 4)
	one := tensor.Of([]float32{2}, 1)
	for _, name := range []string{"InstanceNormalization", "LayerNormalization"} {
		out, err := all.Registry().EvalNode(&ir.Node{Op: name, Outputs: make([]*ir.Value, 1)}, []*tensor.Tensor{x, one, tensor.Of([]float32{3}, 1)})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Close(t, out[0], tensor.Of([]float32{3, 3, 3, 3}, 1, 1, 4), op.Exact)
	}
}
