package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var indices = map[string]generator{
	"Gather": gather, "GatherElements": gatherElements, "GatherND": gatherND,
	"ScatterElements": scatterElements, "ScatterND": scatterND,
	"OneHot": oneHot, "TopK": topK, "NonZero": func(d *drawer) *draft { return &draft{in: []*ir.Value{d.any(movable, 1, 4)}} },
	"Compress": compress, "ReverseSequence": reverse,
}

// index makes a list of n indices into size elements, from either end.
func (d *drawer) index(n, size int, negative bool) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(d.IntN(size))
		if negative && d.chance(4) {
			v[i] -= float64(size)
		}
	}
	return v
}

func gather(d *drawer) *draft {
	x := d.some(movable, 1, 4)
	s := d.value(x).Shape()
	a := d.axis(len(s))
	size := s[(int(a)+len(s))%len(s)]
	t := oneOf(d, integers...)
	shape := d.shape(0, 2)
	if v := d.existing(integers, func(t *tensor.Tensor) bool { return t.Rank() < 3 && t.Len() <= 16 && inRange(t, size) }); v != nil && d.chance(2) {
		return &draft{in: []*ir.Value{x, v}, attrs: ir.Attrs{"axis": a}}
	}
	n, _ := tensor.NumElements(shape)
	f := &draft{in: []*ir.Value{x, d.from(t, d.index(n, size, true), shape...)}, attrs: ir.Attrs{}}
	if !d.chance(3) || len(s) == 0 {
		f.attrs["axis"] = a
	} else if d.value(x).Shape()[0] != size {
		return nil
	}
	return f
}

func inRange(t *tensor.Tensor, size int) bool {
	v, err := t.Int64s()
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(v, func(x int64) bool { return x < -int64(size) || x >= int64(size) })
}

func gatherElements(d *drawer) *draft {
	x := d.some(movable, 1, 4)
	s := d.value(x).Shape()
	a := d.axis(len(s))
	at := (int(a) + len(s)) % len(s)
	shape := make([]int, len(s))
	n := 1
	for i := range shape {
		if shape[i] = d.between(1, s[i]); i == at {
			shape[i] = d.between(1, 4)
		}
		n *= shape[i]
	}
	return &draft{in: []*ir.Value{x, d.from(oneOf(d, integers...), d.index(n, s[at], true), shape...)}, attrs: ir.Attrs{"axis": a}}
}

// tuples makes rows of k indices each, one into each of the sizes.
func (d *drawer) tuples(rows int, sizes []int) []float64 {
	var v []float64
	for range rows {
		for _, n := range sizes {
			v = append(v, d.index(1, n, true)...)
		}
	}
	return v
}

func gatherND(d *drawer) *draft {
	x := d.some(movable, 1, 4)
	s := d.value(x).Shape()
	b := 0
	if d.chance(3) {
		b = d.IntN(len(s))
	}
	k := d.between(1, len(s)-b)
	lead := append(slices.Clone(s[:b]), d.shape(0, 1)...)
	if len(lead) == 0 {
		lead = []int{2}
	}
	n, _ := tensor.NumElements(lead)
	attrs := ir.Attrs{}
	if b > 0 {
		attrs["batch_dims"] = int64(b)
	}
	return &draft{in: []*ir.Value{x, d.from(tensor.Int64, d.tuples(n, s[b:b+k]), append(lead, k)...)}, attrs: attrs}
}

// scatterElements writes each place once at the most, unless it adds.
func scatterElements(d *drawer) *draft {
	x := d.some(floats, 1, 4)
	s := d.value(x).Shape()
	a := d.axis(len(s))
	at := (int(a) + len(s)) % len(s)
	shape := slices.Clone(s)
	shape[at] = d.between(1, s[at])
	n, _ := tensor.NumElements(shape)
	// One order of the axis for all rows keeps places apart.
	order := d.Perm(s[at])
	inner := 1
	for _, k := range s[at+1:] {
		inner *= k
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(order[i/inner%shape[at]])
	}
	attrs := ir.Attrs{"axis": a}
	if d.chance(3) {
		attrs["reduction"] = oneOf(d, "none", "add", "mul", "max", "min")
	}
	return &draft{in: []*ir.Value{x, d.from(oneOf(d, integers...), v, shape...), d.leaf(x.DType, shape...)}, attrs: attrs}
}

func scatterND(d *drawer) *draft {
	x := d.some(floats, 1, 4)
	s := d.value(x).Shape()
	k := d.between(1, len(s))
	rows := d.between(1, s[0])
	first := d.Perm(s[0])
	var v []float64
	for r := range rows {
		v = append(v, float64(first[r]))
		for _, n := range s[1:k] {
			v = append(v, d.index(1, n, false)...)
		}
	}
	attrs := ir.Attrs{}
	if d.chance(3) {
		attrs["reduction"] = oneOf(d, "none", "add", "mul", "max", "min")
	}
	return &draft{in: []*ir.Value{x, d.from(tensor.Int64, v, rows, k), d.leaf(x.DType, append([]int{rows}, s[k:]...)...)}, attrs: attrs}
}

func oneHot(d *drawer) *draft {
	shape := d.shape(0, 3)
	n, _ := tensor.NumElements(shape)
	depth := d.between(1, 5)
	idx := d.from(tensor.Int64, d.index(n, depth+1, true), shape...)
	t := oneOf(d, tensor.Float32, tensor.Float32, tensor.Int64)
	values := d.from(t, []float64{float64(d.between(-1, 0)), float64(d.between(1, 3))}, 2)
	attrs := ir.Attrs{}
	if d.chance(2) {
		attrs["axis"] = d.axis(len(shape) + 1)
	}
	return &draft{in: []*ir.Value{idx, d.param([]int64{int64(depth)}), values}, attrs: attrs}
}

// topK leaves the order of the results to be sorted, as it is not defined else.
func topK(d *drawer) *draft {
	x := d.some(numbers, 1, 4)
	s := d.value(x).Shape()
	attrs := flags("largest")(d)
	a := int64(-1)
	if d.chance(2) {
		a = d.axis(len(s))
		attrs["axis"] = a
	}
	k := d.between(1, s[(int(a)+len(s))%len(s)])
	return &draft{in: []*ir.Value{x, d.list(int64(k))}, attrs: attrs, outs: 2}
}

func compress(d *drawer) *draft {
	x := d.some(floats, 1, 4)
	t := d.value(x)
	attrs := ir.Attrs{}
	n := t.Len()
	if !d.chance(3) {
		a := d.axis(t.Rank())
		attrs["axis"] = a
		n = t.Shape()[(int(a)+t.Rank())%t.Rank()]
	}
	return &draft{in: []*ir.Value{x, d.leaf(tensor.Bool, d.between(1, n))}, attrs: attrs}
}

func reverse(d *drawer) *draft {
	x := d.some(f32, 2, 4)
	s := d.value(x).Shape()
	b := d.flag()
	v := make([]float64, s[b])
	for i := range v {
		v[i] = float64(d.between(1, s[1-b]))
	}
	return &draft{in: []*ir.Value{x, d.from(tensor.Int64, v, s[b])}, attrs: ir.Attrs{"batch_axis": b, "time_axis": 1 - b}}
}
