package image_test

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// read lowers a node of an older opset; consts follow the input x.
func read(name string, version int, attrs ir.Attrs, consts ...*tensor.Tensor) (*ir.Node, error) {
	g := ir.New("g")
	s := op.NewSrc(g, all.Registry(), attrs)
	s.Op, s.Version, s.Name, s.NumOut = name, version, "n", 1
	s.Inputs = []*ir.Value{g.AddInput("x", tensor.Float32, ir.Shape{ir.Symbol("N"), ir.Static(1), ir.Symbol("H"), ir.Static(4)})}
	for _, c := range consts {
		s.Inputs = append(s.Inputs, g.AddConst("c", c))
	}
	if _, err := all.Registry().Get(name).Read(s); err != nil {
		return nil, err
	}
	return g.Nodes[0], nil
}

func TestOlderForms(t *testing.T) {
	up, down := tensor.Of([]float32{1, 1, 2, 2}, 4), tensor.Of([]float32{1, 1, 0.5, 0.5}, 4)
	both, none := tensor.Of([]float32{1, 1, 2, 0.5}, 4), tensor.New(tensor.Float32, 0)
	sizes := tensor.Of([]int64{1, 1, 8, 8}, 4)
	for _, c := range []struct {
		what, op      string
		version       int
		attrs         ir.Attrs
		in            []*tensor.Tensor
		shape, nearby string
	}{
		{"Upsample 7", "Upsample", 7, ir.Attrs{"scales": []float64{1, 1, 2, 2}}, nil, "[N,1,2*H,8]", "floor"},
		{"Upsample 9", "Upsample", 9, ir.Attrs{"mode": "linear"}, []*tensor.Tensor{up}, "[N,1,2*H,8]", ""},
		{"Resize 10, enlarging", "Resize", 10, ir.Attrs{}, []*tensor.Tensor{up}, "[N,1,2*H,8]", "floor"},
		{"Resize 10, shrinking", "Resize", 10, ir.Attrs{}, []*tensor.Tensor{down}, "[N,1,floor((H)/2),2]", "ceil"},
		{"Resize 10, both", "Resize", 10, ir.Attrs{}, []*tensor.Tensor{both}, "", ""},
		{"Resize 11, empty scales", "Resize", 11, ir.Attrs{}, []*tensor.Tensor{none, none, sizes}, "[1,1,8,8]", ""},
		{"Resize 11, nothing given", "Resize", 11, ir.Attrs{}, []*tensor.Tensor{none, none}, "", ""},
		{"unknown mode", "Resize", 11, ir.Attrs{"mode": "lanczos"}, []*tensor.Tensor{none, up}, "", ""},
	} {
		n, err := read(c.op, c.version, c.attrs, c.in...)
		if c.shape == "" {
			if err == nil {
				t.Errorf("%s: no error", c.what)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if n.Op != "Resize" || n.Out(0).Shape.String() != c.shape || n.Str("nearest_mode", "") != c.nearby || n.In(1) != nil {
			t.Errorf("%s: %s %v %v, want %s and %q", c.what, n.Op, n.Out(0).Shape, n.Attrs, c.shape, c.nearby)
		}
	}
}

// Sizes that are not a power of two apart must not lose an element to rounding:
// position 9 of 18 over 14 elements is exactly 7, where 9/(18/14) is less.
func TestExactRatios(t *testing.T) {
	v := make([]float32, 14)
	want := make([]float32, 18)
	for i := range v {
		v[i] = float32(i)
	}
	for i := range want {
		want[i] = float32(i * 14 / 18)
	}
	attrs := ir.Attrs{"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
	out, err := all.Registry().EvalNode(&ir.Node{Op: "Resize", Attrs: attrs, Outputs: make([]*ir.Value, 1)},
		[]*tensor.Tensor{tensor.Of(v, 1, 14), nil, nil, tensor.Of([]int64{1, 18}, 2)})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Close(t, out[0], tensor.Of(want, 1, 18), op.Exact)
}

// Undefined and far coordinates read zero or the border, and never fail.
func TestGridSampleFarAway(t *testing.T) {
	inf := float32(1e38)
	x := tensor.Of([]float32{1, 2, 3, 4}, 1, 1, 2, 2)
	at := tensor.Of([]float32{inf, inf, -inf, -inf, 0, 0}, 1, 1, 3, 2)
	for mode, want := range map[string][]float32{"zeros": {0, 0, 2.5}, "border": {4, 1, 2.5}} {
		out, err := all.Registry().EvalNode(&ir.Node{Op: "GridSample", Attrs: ir.Attrs{"padding_mode": mode}, Outputs: make([]*ir.Value, 1)}, []*tensor.Tensor{x, at})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Close(t, out[0], tensor.Of(want, 1, 1, 1, 3), op.Elementwise)
	}
}
