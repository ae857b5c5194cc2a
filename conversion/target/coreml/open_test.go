package coreml_test

import (
	"maps"
	"slices"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// draft makes graphs of open sizes.
type draft struct {
	t *testing.T
	g *ir.Graph
}

func (d draft) op(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	d.t.Helper()
	n := d.g.AddNode(name, name, attrs, in, name)
	n.Origin = []string{n.Name}
	if err := ops.Registry().Infer(n); err != nil {
		d.t.Fatal(err)
	}
	return n.Out(0)
}

func (d draft) ints(v ...int64) *ir.Value { return d.g.AddConst("ints", tensor.Of(v, len(v))) }

func (d draft) int(v int64) *ir.Value { return d.g.AddConst("int", tensor.Scalar(v)) }

func (d draft) noise(shape ...int) *ir.Value {
	x, err := ir.Noise(tensor.Float32, 5, shape...)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.g.AddConst("c", x)
}

// size is a vector of one size of x.
func (d draft) size(x *ir.Value, axis int64) *ir.Value {
	return d.op("Shape", ir.Attrs{"start": axis, "end": axis + 1}, x)
}

// resized makes a picture of x and its height so many times as large.
func resized(by string, scale float32, attrs ir.Attrs) func(d draft, x *ir.Value) *ir.Value {
	return func(d draft, x *ir.Value) *ir.Value {
		picture := d.op("Unsqueeze", nil, x, d.ints(1))
		if by == "sizes" {
			sizes := d.op("Concat", ir.Attrs{"axis": int64(0)}, d.size(x, 0), d.ints(1), d.op("Mul", nil, d.size(x, 1), d.ints(int64(scale))), d.ints(16))
			return d.op("Resize", attrs, picture, nil, nil, sizes)
		}
		return d.op("Resize", attrs, picture, nil, d.g.AddConst("scales", tensor.Of([]float32{1, 1, scale, 2}, 4)))
	}
}

// like resizes rows of x to the size that half of it, and one, has.
func like(attrs ir.Attrs) func(d draft, x *ir.Value) *ir.Value {
	return func(d draft, x *ir.Value) *ir.Value {
		other := d.op("Slice", nil, x, d.op("Div", nil, d.size(x, 1), d.ints(2)), d.ints(1<<62), d.ints(1))
		sizes := d.op("Concat", ir.Attrs{"axis": int64(0)}, d.size(x, 0), d.op("Add", nil, d.size(other, 1), d.ints(1)), d.ints(12))
		if attrs == nil {
			attrs = ir.Attrs{"mode": "linear"}
		}
		return d.op("Resize", attrs, x, nil, nil, sizes)
	}
}

// triangle has products of rows, [N,S,S], as attention has.
func triangle(upper, k int64) func(d draft, x *ir.Value) *ir.Value {
	return func(d draft, x *ir.Value) *ir.Value {
		scores := d.op("MatMul", nil, x, d.op("Transpose", ir.Attrs{"perm": []int64{0, 2, 1}}, x))
		return d.op("Trilu", ir.Attrs{"upper": upper}, scores, d.int(k))
	}
}

// openCases take x [N,S,8], of open batch and length. fixed names a layer that
// keeps a size from staying open.
var openCases = map[string]struct {
	build func(d draft, x *ir.Value) *ir.Value
	fixed string
}{
	"a row for each of the batch": {build: func(d draft, x *ir.Value) *ir.Value {
		to := d.op("Concat", ir.Attrs{"axis": int64(0)}, d.size(x, 0), d.ints(1, 8))
		return d.op("Concat", ir.Attrs{"axis": int64(1)}, d.op("Expand", nil, d.noise(1, 1, 8), to), x)
	}},
	"an axis more": {build: func(d draft, x *ir.Value) *ir.Value {
		to := d.op("Concat", ir.Attrs{"axis": int64(0)}, d.ints(3), d.op("Shape", nil, x))
		return d.op("Expand", nil, x, to)
	}},
	"pictures of one size, in an open batch": {build: func(d draft, x *ir.Value) *ir.Value {
		rows := d.op("Gather", ir.Attrs{"axis": int64(1)}, x, d.ints(0, 2, 1, 3))
		picture := d.op("Unsqueeze", nil, rows, d.ints(1))
		return d.op("Resize", ir.Attrs{"mode": "linear"}, picture, nil, d.g.AddConst("scales", tensor.Of([]float32{1, 1, 1.25, 1.125}, 4)))
	}},
	"all but the last": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Slice", nil, x, d.ints(0), d.ints(-1), d.ints(1))
	}},
	"the last two": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Slice", nil, x, d.ints(-2), d.ints(1<<62), d.ints(1))
	}},
	"every second between": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Slice", nil, x, d.ints(1), d.ints(-1), d.ints(1), d.ints(2))
	}},
	"the last of each": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Gather", ir.Attrs{"axis": int64(1)}, x, d.int(-1))
	}},
	"the last and the first": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Gather", ir.Attrs{"axis": int64(1)}, x, d.ints(-1, 0))
	}},
	"positions cut from a table": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Add", nil, x, d.op("Slice", nil, d.noise(40, 8), d.ints(0), d.size(x, 1), d.ints(0)))
	}},
	"positions counted": {build: func(d draft, x *ir.Value) *ir.Value {
		count := d.op("Range", nil, d.int(0), d.op("Squeeze", nil, d.size(x, 1)), d.int(1))
		return d.op("Add", nil, x, d.op("Gather", ir.Attrs{"axis": int64(0)}, d.noise(40, 8), count))
	}},
	"a choice": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Where", nil, d.op("Greater", nil, x, d.noise(8)), x, d.noise(1))
	}},
	"ones of its size": {build: func(d draft, x *ir.Value) *ir.Value {
		one := tensor.Of([]float32{1.5}, 1)
		return d.op("Add", nil, x, d.op("ConstantOfShape", ir.Attrs{"value": one}, d.op("Concat", ir.Attrs{"axis": int64(0)}, d.size(x, 1), d.ints(8))))
	}},
	"two sizes made one": {build: func(d draft, x *ir.Value) *ir.Value {
		flat := d.op("Mul", nil, d.size(x, 0), d.size(x, 1))
		a := d.op("Reshape", nil, x, d.op("Concat", ir.Attrs{"axis": int64(0)}, flat, d.ints(2, 4)))
		b := d.op("Transpose", ir.Attrs{"perm": []int64{1, 0, 2}}, a)
		to := d.op("Concat", ir.Attrs{"axis": int64(0)}, d.ints(2), d.size(x, 1), d.size(x, 0), d.ints(4))
		return d.op("Reshape", nil, b, to)
	}},
	"a product of sizes": {build: func(d draft, x *ir.Value) *ir.Value {
		half := d.op("Div", nil, d.size(x, 1), d.ints(2))
		n := d.op("Add", nil, d.op("Mul", nil, d.op("Mul", nil, d.size(x, 0), half), d.ints(3)), d.ints(1))
		return d.op("Add", nil, d.op("Expand", nil, d.noise(1), n), d.op("ReduceMean", nil, x))
	}},
	"half of it": {build: func(d draft, x *ir.Value) *ir.Value {
		half := d.op("Div", nil, d.size(x, 1), d.ints(2))
		return d.op("Slice", nil, x, half, d.ints(1<<62), d.ints(1))
	}},
	"a number made of a size": {build: func(d draft, x *ir.Value) *ir.Value {
		n := d.op("Cast", ir.Attrs{"to": int64(1)}, d.op("Squeeze", nil, d.size(x, 1)))
		return d.op("Div", nil, x, d.op("Sqrt", nil, n))
	}},
	"backwards": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Slice", nil, x, d.ints(-1), d.ints(-1<<62), d.ints(1), d.ints(-1))
	}},
	"backwards from the last but one to the third": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Slice", nil, x, d.ints(-2), d.ints(1), d.ints(1), d.ints(-1))
	}, fixed: "Slice"},
	"every second backwards": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Slice", nil, x, d.ints(1<<62), d.ints(-1<<62), d.ints(1), d.ints(-2))
	}},
	"as often as it is long": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Tile", nil, x, d.op("Concat", ir.Attrs{"axis": int64(0)}, d.ints(1), d.size(x, 1), d.ints(1)))
	}},
	"the place of the largest": {build: func(d draft, x *ir.Value) *ir.Value {
		at := d.op("ArgMax", ir.Attrs{"axis": int64(1), "keepdims": int64(0)}, x)
		return d.op("Cast", ir.Attrs{"to": int64(1)}, at)
	}},
	"the largest of each": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("GatherElements", ir.Attrs{"axis": int64(2)}, x, d.op("ArgMax", ir.Attrs{"axis": int64(2)}, x))
	}},
	"the largest along an open axis": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("GatherElements", ir.Attrs{"axis": int64(1)}, x, d.op("ArgMax", ir.Attrs{"axis": int64(1)}, x))
	}, fixed: "GatherElements"},
	"squares added up": {build: func(d draft, x *ir.Value) *ir.Value {
		y := d.op("ReduceSumSquare", nil, x, d.ints(1))
		return d.op("Sum", nil, x, y, d.noise(8))
	}},
	"a sum beside known sizes": {build: func(d draft, x *ir.Value) *ir.Value {
		one := d.op("Slice", nil, x, d.ints(0), d.ints(1), d.ints(1))
		return d.op("Sum", nil, one, d.noise(3, 8), d.op("Expand", nil, d.noise(8), d.op("Concat", ir.Attrs{"axis": int64(0)}, d.size(x, 0), d.ints(1, 8))))
	}},
	"running sums of the largest": {build: func(d draft, x *ir.Value) *ir.Value {
		n := d.g.AddNode("TopK", "TopK", ir.Attrs{"axis": int64(1)}, []*ir.Value{x, d.ints(3)}, "top", "places")
		if err := ops.Registry().Infer(n); err != nil {
			d.t.Fatal(err)
		}
		return d.op("CumSum", nil, n.Out(0), d.int(1))
	}},
	"larger, the nearest":           {build: resized("", 2, ir.Attrs{"nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"})},
	"larger, the nearest, between":  {build: resized("", 3, ir.Attrs{})},
	"larger, the nearest above":     {build: resized("", 2, ir.Attrs{"nearest_mode": "ceil"})},
	"larger, between":               {build: resized("", 3, ir.Attrs{"mode": "linear"})},
	"larger, between the corners":   {build: resized("", 2, ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "align_corners"})},
	"larger, between, by the sizes": {build: resized("sizes", 2, ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"})},
	"larger, nearest, by the sizes": {build: resized("sizes", 2, ir.Attrs{"coordinate_transformation_mode": "half_pixel"})},
	"larger, from the first":        {build: resized("", 2, ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "asymmetric"})},
	"larger by a half":              {build: resized("", 1.5, ir.Attrs{"mode": "linear"})},
	"larger by a half, nearest":     {build: resized("", 1.5, ir.Attrs{})},
	"half as large":                 {build: resized("", 0.5, ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"})},
	"half as large, above":          {build: resized("", 0.5, ir.Attrs{"nearest_mode": "round_prefer_ceil", "coordinate_transformation_mode": "asymmetric"})},
	"larger, smooth":                {build: resized("", 1.5, ir.Attrs{"mode": "cubic"}), fixed: "Resize"},
	"larger, smoothed":              {build: resized("", 0.5, ir.Attrs{"mode": "linear", "antialias": int64(1)}), fixed: "Resize"},
	"larger, no fraction":           {build: resized("", 1.3, ir.Attrs{"mode": "linear"}), fixed: "Resize"},
	"as large as another":           {build: like(nil)},
	"as large as another, nearest":  {build: like(ir.Attrs{"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"})},
	"as large as another, ceil":     {build: like(ir.Attrs{"mode": "nearest", "nearest_mode": "ceil"})},
	"as large as another, tf":       {build: like(ir.Attrs{"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "tf_half_pixel_for_nn"})},
	"as large as another, corners":  {build: like(ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "align_corners"})},
	"as large as another, symmetry": {build: like(ir.Attrs{"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"})},
	"to a known size": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Resize", ir.Attrs{"mode": "linear", "axes": []int64{1}}, x, nil, nil, d.ints(5))
	}},
	"from a known size": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Resize", ir.Attrs{"mode": "linear", "axes": []int64{2}}, x, nil, nil, d.size(x, 1))
	}},
	"to a size of one": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Resize", ir.Attrs{"mode": "linear", "axes": []int64{1}, "coordinate_transformation_mode": "pytorch_half_pixel"}, x, nil, nil, d.ints(1))
	}},
	"what is above":                {build: triangle(1, 1)},
	"what is below":                {build: triangle(0, 0)},
	"what is below and one more":   {build: triangle(0, 2)},
	"all above, beyond every size": {build: triangle(1, -1<<40)},
	"truths above": {build: func(d draft, x *ir.Value) *ir.Value {
		return d.op("Where", nil, d.op("Trilu", ir.Attrs{"upper": int64(1)}, d.op("Greater", nil, x, d.noise(8))), x, d.noise(1))
	}},
}

// TestOpenSizes writes small graphs whose sizes stay open, runs each package at
// two sizes on the reference arithmetic, has coremltools rebuild it and numpy
// compute what it rebuilt.
func TestOpenSizes(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	var jobs []walkJob
	var wants []*tensor.Tensor
	for _, name := range slices.Sorted(maps.Keys(openCases)) {
		c := openCases[name]
		t.Run(name, func(t *testing.T) {
			d := draft{t, ir.New("open")}
			x := d.g.AddInput("x", tensor.Float32, ir.Shape{ir.Symbol("N"), ir.Symbol("S"), ir.Static(8)})
			d.g.Outputs = []*ir.Value{c.build(d, x)}
			g := d.g.Clone()
			r := map[string]target.Range{"x": {Min: []int64{1, 4, 8}, Opt: []int64{2, 6, 8}, Max: []int64{4, 40, 8}}}
			path, _, found, ok := convertWith(t, g, dir, target.Options{Name: "open" + string(rune('a'+len(paths))), Precision: "fp32", Registry: ops.Registry(), Ranges: r})
			if !ok {
				t.Fatal(found)
			}
			i := slices.IndexFunc(found, func(f *diag.Finding) bool { return f.Code == "coreml.fixed-shape" })
			if fixed := i >= 0; fixed != (c.fixed != "") || fixed && !slices.Equal(found[i].Layers, []string{c.fixed}) {
				t.Fatalf("kept open but for %q: %v", c.fixed, found)
			}
			paths = append(paths, path)
			sizes := [][]int{{1, 7, 8}, {3, 12, 8}}
			if c.fixed != "" {
				sizes = [][]int{{1, 6, 8}}
			}
			for _, s := range sizes {
				in, err := ir.Noise(tensor.Float32, 9, s...)
				if err != nil {
					t.Fatal(err)
				}
				want, err := testkit.Eval(ops.Registry(), d.g, map[string]*tensor.Tensor{"x": in})
				if err != nil {
					t.Fatal(err)
				}
				got, err := run(path, []*tensor.Tensor{in})
				if err != nil {
					t.Fatalf("%v: %v", s, err)
				}
				if !testkit.Near(got[0], want[0], 1e-5) {
					t.Errorf("%v: got %v, want %v", s, got[0], want[0])
				}
				jobs, wants = append(jobs, walkJob{path, map[string]*tensor.Tensor{"x": in}}), append(wants, want[0])
			}
		})
	}
	for path, why := range rebuild(t, paths) {
		t.Errorf("%s: coremltools: %s", path, why)
	}
	for i, out := range walkAll(t, jobs) {
		if got := out[0].values; !testkit.Near(got, wants[i], 1e-5) {
			t.Errorf("%s: numpy gives %v, want %v", jobs[i].path, got, wants[i])
		}
	}
}
