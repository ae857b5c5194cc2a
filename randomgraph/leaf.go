package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Lists of element types to pick from; the usual ones are listed several times.
var (
	f32      = []tensor.DType{tensor.Float32}
	floats   = slices.Concat(repeat(10, tensor.Float32), []tensor.DType{tensor.Float64, tensor.Float16})
	integers = []tensor.DType{tensor.Int64, tensor.Int64, tensor.Int32}
	numbers  = slices.Concat(floats, []tensor.DType{tensor.Int64, tensor.Int32})
	bools    = []tensor.DType{tensor.Bool}
	movable  = slices.Concat(floats, []tensor.DType{tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Int8, tensor.Bool})
	int64s   = []tensor.DType{tensor.Int64}
	bytes    = []tensor.DType{tensor.Uint8, tensor.Int8}
)

func repeat(n int, d tensor.DType) []tensor.DType {
	out := make([]tensor.DType, n)
	for i := range out {
		out[i] = d
	}
	return out
}

// leaf makes an input or a constant of random elements.
func (d *drawer) leaf(t tensor.DType, shape ...int) *ir.Value {
	n, _ := tensor.NumElements(shape)
	return d.from(t, d.elements(t, n), shape...)
}

// elements draws n numbers that type t holds: fractions between -1 and 1 for
// the most part, sometimes larger ones, whole ones, or n times the same.
func (d *drawer) elements(t tensor.DType, n int) []float64 {
	v := make([]float64, n)
	kind := d.IntN(8)
	same := float64(d.between(-2, 2))
	for i := range v {
		switch {
		case t == tensor.Bool:
			v[i] = float64(d.flag())
		case t.IsUnsigned():
			v[i] = float64(d.IntN(8))
		case t.IsInt():
			v[i] = float64(d.between(-4, 4))
		case kind == 0:
			v[i] = float64(d.between(-3, 3))
		case kind == 1:
			v[i] = float64(d.between(-256, 256)) / 64
		case kind == 2 && i > 0:
			v[i] = v[0]
		case kind == 3:
			v[i] = same
		default:
			v[i] = float64(d.between(-64, 64)) / 64
		}
	}
	return v
}

// positive makes a leaf whose elements lie in (0, 2].
func (d *drawer) positive(t tensor.DType, shape ...int) *ir.Value {
	n, _ := tensor.NumElements(shape)
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(1+d.IntN(64)) / 32
	}
	return d.from(t, v, shape...)
}

// from makes an input or a constant of the given elements.
func (d *drawer) from(t tensor.DType, v []float64, shape ...int) *ir.Value {
	x, err := tensor.FromFloat64s(t, v, shape...)
	if err != nil {
		d.err = err
		x = tensor.Of(make([]float32, len(v)), shape...)
	}
	if d.chance(2) {
		return d.constant(x)
	}
	return d.input(x)
}

func (d *drawer) constant(x *tensor.Tensor) *ir.Value {
	v := d.g.AddConst("c", x)
	if fit(x) {
		d.live = append(d.live, v)
	}
	return v
}

func (d *drawer) input(x *tensor.Tensor) *ir.Value {
	v := d.g.AddInput("x", x.DType(), ir.Dims(x.Shape()...))
	d.have[v], d.feeds[v.Name] = x, x
	if fit(x) {
		d.live = append(d.live, v)
	}
	return v
}

// param makes a parameter such as axes or sizes: a constant for the most part,
// as models have them, sometimes an input, whose values inference cannot know.
func (d *drawer) param(v []int64, shape ...int) *ir.Value {
	x := tensor.Of(v, shape...)
	if d.chance(12) {
		return d.input(x)
	}
	return d.constant(x)
}

// list is a parameter of rank 1.
func (d *drawer) list(v ...int64) *ir.Value { return d.param(v, len(v)) }

// scalar is a leaf of rank 0 or, for some operators as good, one element.
func (d *drawer) scalar(t tensor.DType, v float64) *ir.Value { return d.from(t, []float64{v}) }

// likeShape draws a shape that broadcasts with s in both directions.
func (d *drawer) likeShape(s []int) []int {
	out := slices.Clone(s)
	for i := range out {
		if d.chance(4) {
			out[i] = 1
		}
	}
	switch d.IntN(4) {
	case 0:
		out = out[d.IntN(len(out)+1):]
	case 1:
		if len(out) < 5 {
			out = append([]int{d.between(1, 3)}, out...)
		}
	}
	return out
}

// broadcasts reports whether the shapes broadcast and the result stays small.
func broadcasts(a, b []int) bool {
	n := 1
	for i := range max(len(a), len(b)) {
		x, y := 1, 1
		if i < len(a) {
			x = a[len(a)-1-i]
		}
		if i < len(b) {
			y = b[len(b)-1-i]
		}
		if x != y && x != 1 && y != 1 {
			return false
		}
		if x == 1 {
			x = y
		}
		n *= x
	}
	return n <= maxElements
}

// into reports whether b broadcasts to a without changing it.
func into(a, b []int) bool {
	if len(b) > len(a) {
		return false
	}
	for i := range b {
		if x := b[len(b)-1-i]; x != 1 && x != a[len(a)-1-i] {
			return false
		}
	}
	return true
}

// partner picks a value of a's type that broadcasts with it.
func (d *drawer) partner(a *ir.Value) *ir.Value {
	s := d.value(a).Shape()
	return d.pick([]tensor.DType{a.DType}, func(t *tensor.Tensor) bool { return broadcasts(s, t.Shape()) },
		func() []int { return d.likeShape(s) })
}

// slope picks a value of a's type that broadcasts to it.
func (d *drawer) slope(a *ir.Value) *ir.Value {
	s := d.value(a).Shape()
	return d.pick([]tensor.DType{a.DType}, func(t *tensor.Tensor) bool { return into(s, t.Shape()) }, func() []int {
		out := slices.Clone(s[d.IntN(len(s)+1):])
		for i := range out {
			if d.chance(3) {
				out[i] = 1
			}
		}
		return out
	})
}

// axis draws one of rank axes, counted from either end.
func (d *drawer) axis(rank int) int64 {
	return int64(d.between(-rank, rank-1))
}

// axes draws some different axes, each counted from either end.
func (d *drawer) axes(rank, lo int) []int64 {
	p := d.Perm(rank)[:d.between(lo, rank)]
	out := make([]int64, len(p))
	for i, a := range p {
		out[i] = int64(a)
		if d.chance(3) {
			out[i] -= int64(rank)
		}
	}
	return out
}
