package ncnn

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// farthest is the most elements of an axis of which a place, computed as the share
// of its length that GridSample takes, is sure to be found again.
const farthest = 1 << 18

// pick takes elements of rows at computed places, whole numbers that count from the
// end where they are negative: GridSample of the nearest point of a picture of one
// row. b is rows of size elements, k the number of places; rows of k come out.
func (e *emitter) pick(b, at *blob, rows, size, k int) *blob {
	if size > farthest {
		e.why = "takes places of at most 262144 by numbers that are computed"
		return b
	}
	at = e.reshape(at, []int{k, 1})
	below := e.some(e.unary1(1, at))
	at = e.add("BinaryOp", []*blob{at, e.one(opMul, below, float64(size))}, at.dims, num(0, opAdd))
	share := 0.0
	if size > 1 {
		share = 2 / float64(size-1)
	}
	x := e.one(opSub, e.one(opMul, at, share), 1)
	y := e.one(opMul, x, 0) // the only row
	grid := e.reshape(e.add("Concat", []*blob{x, y}, []int{k, 2}, num(0, 1)), []int{1, k, 2})
	return e.sample(b, grid, rows, size, k)
}

// sample takes the nearest elements of rows to the points of a grid of k.
func (e *emitter) sample(b, grid *blob, rows, size, k int) *blob {
	return e.add("GridSample", []*blob{e.reshape(b, []int{rows, 1, size}), grid}, []int{rows, 1, k}, num(0, 2), num(1, 1), num(2, 1))
}

// maxRuns is how many rows of neighbours are rather cut and joined than picked.
const maxRuns = 8

// pickKnown takes elements idx of axis a of a blob that stands for a tensor of
// dimensions d: neighbours together where these are few rows, else by a grid.
func (e *emitter) pickKnown(n *ir.Node, b *blob, d []int, a int, idx []int) *blob {
	outer, size, inner := count(d[:a]), d[a], count(d[a+1:])
	var runs []part
	for _, x := range idx {
		if k := len(runs) - 1; k >= 0 && runs[k].end() == x {
			runs[k].size++
			continue
		}
		runs = append(runs, part{1, x, 1, 1})
	}
	b = e.reshape(b, []int{outer, size, inner})
	if len(runs) <= maxRuns || size > farthest {
		var parts []*blob
		for _, r := range runs {
			parts = append(parts, e.cropAll(b, []part{r}))
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return e.add("Concat", parts, []int{outer, len(idx), inner}, num(0, 1))
	}
	points := make([]float32, 0, 2*len(idx))
	for _, x := range idx {
		points = append(points, float32(2*float64(x)/float64(max(size-1, 1))-1), 0)
	}
	grid := e.memory(&ir.Value{Name: fmt.Sprint(n.Name, "_grid", a)}, plain(points), []int{1, len(idx), 2})
	if inner > 1 {
		b = e.permute(b, []int{0, 2, 1})
	}
	b = e.sample(b, grid, outer*inner, size, len(idx))
	if inner > 1 {
		b = e.permute(e.reshape(b, []int{outer, inner, len(idx)}), []int{0, 2, 1})
	}
	return b
}

// gatherComputed takes places of one axis that are computed: the axis is brought
// to the inside and back.
func (e *emitter) gatherComputed(n *ir.Node, a int) string {
	d, k := full(n.In(0)), count(full(n.In(1)))
	outer, size, inner := count(d[:a]), d[a], count(d[a+1:])
	b := e.as(n.In(0), outer, size, inner)
	if inner > 1 {
		b = e.permute(b, []int{0, 2, 1})
	}
	b = e.pick(b, e.in(n.In(1)), outer*inner, size, k)
	if inner > 1 && e.why == "" {
		b = e.permute(e.reshape(b, []int{outer, inner, k}), []int{0, 2, 1})
	}
	e.set(n.Out(0), b)
	return ""
}

// gatherND takes computed places of several axes, which are one: a place is the sum
// of those of each axis, times what lies inside of it.
func gatherND(e *emitter, n *ir.Node) string {
	x, idx := n.In(0), n.In(1)
	if n.Int("batch_dims", 0) != 0 {
		return "has no batch"
	}
	d, s := full(x), full(idx)
	t := s[len(s)-1]
	k, size, inner := count(s[:len(s)-1]), count(d[:t]), count(d[t:])
	if size > farthest {
		return "takes places of at most 262144"
	}
	lengths, strides := make([]float32, t), make([]float32, t)
	for i := range t {
		lengths[i], strides[i] = float32(d[i]), float32(count(d[i+1:t]))
	}
	row := func(name string, v []float32) *blob {
		return e.memory(&ir.Value{Name: n.Name + name}, plain(v), []int{1, t})
	}
	at := e.as(idx, k, t)
	below := e.some(e.unary1(1, at))
	at = e.add("BinaryOp", []*blob{at, e.add("BinaryOp", []*blob{below, row("_lengths", lengths)}, at.dims, num(0, opMul))}, at.dims, num(0, opAdd))
	at = e.add("BinaryOp", []*blob{at, row("_strides", strides)}, at.dims, num(0, opMul))
	at = e.add("Reduction", []*blob{at}, []int{k, 1}, num(0, 0), num(1, 0), ints(3, []int{1}), num(4, 1), num(5, 1))
	b := e.as(x, size, inner)
	if inner > 1 {
		b = e.permute(b, []int{1, 0})
	}
	b = e.pick(b, at, inner, size, k)
	if inner > 1 && e.why == "" {
		b = e.permute(e.reshape(b, []int{inner, k}), []int{1, 0})
	}
	e.set(n.Out(0), b)
	return ""
}

// gatherElements of what is the same everywhere gives that.
func gatherElements(e *emitter, n *ir.Node) string {
	c := packed(n.In(0))
	if c == nil {
		return "needs a constant"
	}
	v := c.floats()
	if len(v) == 0 || slices.ContainsFunc(v, func(x float32) bool { return x != v[0] }) {
		return "gives one number alone"
	}
	out := full(n.Out(0))
	all := slices.Repeat(v[:1], count(out))
	e.set(n.Out(0), e.memory(&ir.Value{Name: n.Name + "_same"}, &constant{t: tensor.Of(all, len(all))}, natural(out)))
	return ""
}
