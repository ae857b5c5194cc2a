package coreml_test

import (
	"fmt"
	"slices"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/target/coreml"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// scorer gives each of three channels' mean as a score, for [N,C,H,W] or
// [N,H,W,C].
func scorer(t *testing.T, d tensor.DType, nhwc bool, shape ...ir.Dim) *ir.Graph {
	t.Helper()
	g := ir.New("net")
	x := g.AddInput("pixels:0", d, shape)
	v := x
	node := func(op string, attrs ir.Attrs, in ...*ir.Value) {
		n := g.AddNode(op, fmt.Sprintf("n%d", len(g.Nodes)), attrs, in, fmt.Sprintf("v%d", len(g.Nodes)))
		n.Origin = []string{n.Name}
		v = n.Out(0)
	}
	if d != tensor.Float32 {
		node("Cast", ir.Attrs{"to": int64(1)}, v)
	}
	if nhwc {
		node("Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, v)
	}
	node("Relu", nil, v)
	node("GlobalAveragePool", nil, v)
	node("Flatten", nil, v)
	node("Mul", nil, v, g.AddConst("gain", tensor.Of([]float32{1, 2, 3}, 3)))
	g.Outputs = []*ir.Value{v}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestPictures writes packages that take pictures, and compares what they make of
// pixels with what the source makes of the scaled tensor.
func TestPictures(t *testing.T) {
	dir, s := t.TempDir(), ir.Static
	set := coreml.Defaults()
	var paths []string
	for name, c := range map[string]struct {
		d       tensor.DType
		shape   []ir.Dim
		p       target.Picture
		sizes   string
		want    mil.Image
		finding string
	}{
		"rgb": {
			tensor.Float32,
			[]ir.Dim{s(1), s(3), s(4), s(5)},
			target.Picture{Mean: []float64{0.1, 0.2, 0.3}, Std: []float64{0.5, 0.6, 0.7}, Range: 1},
			"",
			mil.Image{Color: "RGB", Height: 4, Width: 5},
			"",
		},
		"bgr": {
			tensor.Float32,
			[]ir.Dim{s(1), s(4), s(5), s(3)},
			target.Picture{Color: "BGR", Layout: "NHWC", Mean: []float64{127}, Std: []float64{128, 64, 32}},
			"",
			mil.Image{Color: "BGR", Height: 4, Width: 5},
			"",
		},
		"plain bytes": {
			tensor.Uint8,
			[]ir.Dim{s(1), s(3), s(4), s(5)},
			target.Picture{},
			"",
			mil.Image{Color: "RGB", Height: 4, Width: 5},
			"",
		},
		"open sizes": {
			tensor.Float32,
			[]ir.Dim{ir.Symbol("n"), s(3), ir.Symbol("h"), ir.Symbol("w")},
			target.Picture{Std: []float64{255}, Size: [2]int{96, 128}},
			"",
			mil.Image{Color: "RGB", Height: 96, Width: 128, Heights: &[2]int64{32, 640}, Widths: &[2]int64{32, 640}},
			"coreml.picture-batch",
		},
		"listed sizes": {
			tensor.Float32,
			[]ir.Dim{s(1), s(3), ir.Symbol("h"), ir.Symbol("w")},
			target.Picture{Std: []float64{255}},
			"64x96, 320x320,900x900",
			mil.Image{Color: "RGB", Height: 64, Width: 96, Sizes: [][2]int64{{64, 96}, {320, 320}}},
			"coreml.size",
		},
		"other channels": {
			tensor.Float32, []ir.Dim{s(1), s(3), s(4), s(5)}, target.Picture{Color: "GRAY"}, "", mil.Image{}, "coreml.no-picture",
		},
		"batch": {
			tensor.Float32, []ir.Dim{s(2), s(3), s(4), s(5)}, target.Picture{}, "", mil.Image{}, "coreml.no-picture",
		},
		"no such input": {
			tensor.Float32, []ir.Dim{s(1), s(3), s(4), s(5)}, target.Picture{Input: "x"}, "", mil.Image{}, "coreml.no-picture",
		},
	} {
		nhwc := c.p.Layout == "NHWC"
		g := scorer(t, c.d, nhwc, c.shape...)
		set.Sizes = c.sizes
		classes := &target.Classes{Softmax: true, Labels: []string{"cat", "cat"}, Offset: 1}
		o := target.Options{Name: legal(name), Precision: "fp32", Registry: ops.Registry(), Picture: &c.p, Classes: classes, Values: set.Values()}
		source := g.Clone()
		path, _, found, ok := convertWith(t, g, dir, o)
		if !ok {
			t.Fatalf("%s: not written: %v", name, found)
		}
		paths = append(paths, path)
		m := program(t, path)
		has := func(code string) bool {
			for _, f := range found {
				if f.Code == code {
					return true
				}
			}
			return false
		}
		if c.finding != "" && !has(c.finding) || c.finding == "" && len(found) > 1 {
			t.Errorf("%s: found %v", name, found)
		}
		i := m.Inputs[0].Image
		if c.want.Color == "" {
			if i != nil {
				t.Errorf("%s: takes pictures", name)
			}
			continue
		}
		if i == nil || i.Color != c.want.Color || i.Height != c.want.Height || i.Width != c.want.Width || !slices.Equal(i.Sizes, c.want.Sizes) ||
			(i.Heights == nil) != (c.want.Heights == nil) || i.Heights != nil && (*i.Heights != *c.want.Heights || *i.Widths != *c.want.Widths) {
			t.Errorf("%s: %+v", name, i)
			continue
		}
		if m.Label != "classLabel" || m.Outputs[0].Kind != mil.Text || m.Outputs[1].Kind != mil.Scores || len(m.Outputs) != 3 || !has("coreml.labels") {
			t.Errorf("%s: no classifier: %+v", name, m.Outputs)
		}
		if d := m.Main.Inputs[0].Type.Dims; d[1] != 3 {
			t.Errorf("%s: the program takes %v", name, d)
		}
		// A picture of 64 by 96 pixels where sizes are open.
		h, w := c.shape[2], c.shape[3]
		if nhwc {
			h, w = c.shape[1], c.shape[2]
		}
		hn, wn := int(size(h, 64)), int(size(w, 96))
		pixels := make([]float32, 3*hn*wn)
		scaled := make([]float64, len(pixels))
		a, b := c.p.Scale()
		for k := range pixels {
			ch, at := k/(hn*wn), k%(hn*wn)
			pixels[k] = float32((k*37 + ch*11) % 256)
			if nhwc {
				at = at*3 + ch
			} else {
				at = k
			}
			scaled[at] = float64(pixels[k])*a[ch] + b[ch]
		}
		shape := []int{1, 3, hn, wn}
		if nhwc {
			shape = []int{1, hn, wn, 3}
		}
		x, err := tensor.FromFloat64s(c.d, scaled, shape...)
		if err != nil {
			t.Fatal(err)
		}
		want, err := testkit.Eval(ops.Registry(), source, map[string]*tensor.Tensor{"pixels:0": x})
		if err != nil {
			t.Fatal(err)
		}
		got, err := run(path, []*tensor.Tensor{tensor.Of(pixels, 1, 3, hn, wn)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d, _ := testkit.Difference(got[2], want[0]); !(d <= 1e-5) {
			t.Errorf("%s: %v, want %v", name, got[2].Float64s(), want[0].Float64s())
		}
		scores := want[0].Float64s()
		best := 0
		for i := range scores {
			if scores[i] > scores[best] {
				best = i
			}
		}
		if label := []string{"class 0", "cat", "cat (2)"}[best]; got[0].Strings()[0] != label {
			t.Errorf("%s: label %q, want %q", name, got[0].Strings(), label)
		}
		sum := 0.0
		for _, v := range got[1].Float64s() {
			sum += v
		}
		if sum < 0.999 || sum > 1.001 {
			t.Errorf("%s: probabilities %v", name, got[1].Float64s())
		}
	}
	for path, why := range rebuild(t, paths) {
		t.Errorf("%s: coremltools: %s", path, why)
	}
}

func legal(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == ' ' {
			b[i] = '_'
		}
	}
	return string(b)
}

func size(d ir.Dim, usual int64) int64 {
	if n, ok := d.Int(); ok {
		return n
	}
	return usual
}

// TestLabelsThatDoNotFit leaves the package a plain one, and says so.
func TestLabelsThatDoNotFit(t *testing.T) {
	s := ir.Static
	for name, c := range map[string]*target.Classes{
		"too few": {Labels: []string{"a"}}, "none": {}, "another output": {Output: "y", Labels: []string{"a", "b", "c"}},
	} {
		g := scorer(t, tensor.Float32, false, s(1), s(3), s(4), s(4))
		path, _, found, ok := convertWith(t, g, t.TempDir(), target.Options{Name: "n", Precision: "fp32", Registry: ops.Registry(), Classes: c})
		if !ok {
			t.Fatal(found)
		}
		if m := program(t, path); m.Label != "" || len(m.Outputs) != 1 || len(found) != 1 || found[0].Code != "coreml.no-labels" {
			t.Errorf("%s: %q, found %v", name, m.Label, found)
		}
	}
}
