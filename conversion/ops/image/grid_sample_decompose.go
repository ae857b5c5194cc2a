package image

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

// gridTaps are, for each axis: the elements read around a position rounded
// down, and their weights as polynomials of the rest f, lowest power first.
var gridTaps = map[string]struct {
	offsets []float32
	weights [][]float32 // by power, then by element
}{
	"nearest": {[]float32{0}, [][]float32{{1}}},
	"linear":  {[]float32{0, 1}, [][]float32{{1, 0}, {-1, 1}}},
	// The cubic convolution with a = -0.75.
	"cubic": {[]float32{-1, 0, 1, 2}, [][]float32{{0, 1, 0, 0}, {-0.75, 0, 0.75, 0}, {1.5, -2.25, 1.5, -0.75}, {-0.75, 1.25, -1.25, 0.75}}},
}

// decomposeGridSample computes positions and weights by arithmetic, gathers the
// elements and adds them up.
func decomposeGridSample(o *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: o}
	x, pos := b.In(0), b.In(1)
	xs, ok1 := x.Shape.Ints()
	gs, ok2 := pos.Shape.Ints()
	g := gridTaps[b.Str("mode", "linear")]
	if !ok1 || !ok2 || len(g.offsets) == 0 {
		return nil, fmt.Errorf("input %v and grid %v: %w", x.Shape, pos.Shape, op.ErrNoDecomposition)
	}
	axes := len(xs) - 2
	if axes < 1 || len(gs) != len(xs) || gs[len(gs)-1] != axes || gs[0] != xs[0] {
		return nil, fmt.Errorf("grid %v does not fit input %v", gs, xs)
	}
	size, points := int64(1), int64(1)
	for _, d := range xs[2:] {
		size *= int64(d)
	}
	for _, d := range gs[1 : len(gs)-1] {
		points *= int64(d)
	}
	batch, channels := int64(xs[0]), int64(xs[1])
	if size == 0 || batch*size >= 1<<31 {
		return nil, fmt.Errorf("input %v: %w", xs, op.ErrNoDecomposition)
	}
	flat := b.Reshape(pos, batch, points, int64(axes))
	// The row of an element's first axis among those of the whole batch.
	first := make([]int32, batch)
	for i := range first {
		first[i] = int32(i * xs[2])
	}
	var index, weight *ir.Value
	taps := int64(1)
	for d, n := range xs[2:] {
		column := int64(axes - 1 - d)
		at, w := gridAxis(b, b.Slice(flat, 2, column, column+1), n)
		taps *= int64(len(g.offsets))
		if d == 0 {
			index, weight = b.Add(at, b.Const(tensor.Of(first, len(first), 1, 1))), w
			continue
		}
		index = b.Mul(index, b.Const(tensor.Scalar(int32(n))))
		index = b.Reshape(b.Add(b.Unsqueeze(index, 3), b.Unsqueeze(at, 2)), batch, points, taps)
		weight = b.Reshape(b.Mul(b.Unsqueeze(weight, 3), b.Unsqueeze(w, 2)), batch, points, taps)
	}
	rows := b.Reshape(b.Transpose(b.Reshape(x, batch, channels, size), 0, 2, 1), batch*size, channels)
	y := b.Op("Gather", ir.Attrs{"axis": int64(0)}, rows, index)
	y = b.Mul(y, b.Unsqueeze(b.Cast(weight, x.DType), 3))
	y = b.Op("ReduceSum", ir.Attrs{"keepdims": int64(0)}, y, b.Ints(2))
	shape := []int64{batch, channels}
	for _, d := range gs[1 : len(gs)-1] {
		shape = append(shape, int64(d))
	}
	return build.One(b.Reshape(b.Transpose(y, 0, 2, 1), shape...))
}

// gridAxis gives the elements [batch, points, taps] along one axis of n elements
// that coordinates v[batch, points, 1] read, as int32, and their weights.
func gridAxis(b build.B, v *ir.Value, n int) (at, weight *ir.Value) {
	mode, padding, align := b.Str("mode", "linear"), b.Str("padding_mode", "zeros"), b.Int("align_corners", 0) != 0
	number := func(f float64) *ir.Value { return b.Scalar(v.DType, f) }
	vector := func(f []float32) *ir.Value {
		t, err := tensor.Of(f, len(f)).Cast(v.DType)
		if err != nil {
			b.Patch.Fail(err)
			t = tensor.Of(f, len(f))
		}
		return b.Const(t)
	}
	clip := func(x *ir.Value, lo, hi float64) *ir.Value { return b.Op("Clip", nil, x, number(lo), number(hi)) }
	last := float64(n - 1)
	lo, span := -0.5, float64(n)
	x := b.Add(b.Mul(v, number(float64(n)/2)), number(last/2))
	if align {
		lo, span = 0, last
		x = b.Add(b.Mul(v, number(last/2)), number(last/2))
	}
	if mode == "nearest" {
		x = b.Op("Round", nil, x)
	}
	switch {
	case padding == "reflection":
		if mode != "cubic" {
			x = mirror(b, x, lo, span)
		}
	case padding == "border" && mode != "cubic":
		x = clip(x, 0, last)
	default:
		x = clip(x, -3, last+3) // farther elements count as much as these
	}
	g := gridTaps[mode]
	first := b.Op("Floor", nil, x)
	place := b.Add(first, vector(g.offsets))
	inside := clip(place, 0, last)
	if padding == "reflection" {
		inside = clip(mirror(b, place, lo, span), 0, last)
	}
	f := b.Sub(x, first)
	power := f
	weight = vector(g.weights[0])
	for k, c := range g.weights[1:] {
		if k > 0 {
			power = b.Mul(power, f)
		}
		weight = b.Add(weight, b.Mul(power, vector(c)))
	}
	if padding == "zeros" {
		weight = b.Mul(weight, b.Cast(b.Op("Equal", nil, place, inside), v.DType))
	} else if mode == "nearest" {
		weight = b.Add(b.Scale(f, 0), weight) // of the coordinates' shape
	}
	return b.Cast(inside, tensor.Int32), weight
}

// mirror folds x back and forth between lo and lo+span.
func mirror(b build.B, x *ir.Value, lo, span float64) *ir.Value {
	if span <= 0 {
		return b.Add(b.Scale(x, 0), b.Scalar(x.DType, lo))
	}
	d := b.Op("Abs", nil, b.Sub(x, b.Scalar(x.DType, lo)))
	turns := b.Op("Floor", nil, b.Div(d, b.Scalar(d.DType, 2*span)))
	d = b.Sub(d, b.Scale(turns, 2*span))
	d = b.Op("Min", nil, d, b.Sub(b.Scalar(d.DType, 2*span), d))
	return b.Add(d, b.Scalar(d.DType, lo))
}
