package legalize

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// ints is a constant of whole numbers.
func (j *joiner) ints(n *ir.Node, list ...int) *ir.Value {
	v := make([]int64, len(list))
	for i, x := range list {
		v[i] = int64(x)
	}
	return j.p.Const(n.Name+"_axes", tensor.Of(v, len(v)))
}

// axesOf are the axes that v lists, all of r where there is no v.
func axesOf(v *ir.Value, r int) ([]int, bool) {
	var out []int
	if v == nil {
		for a := range r {
			out = append(out, a)
		}
		return out, true
	}
	list, ok := v.ConstInts()
	for _, a := range list {
		out = append(out, from0(a, r))
	}
	return out, ok
}

func from0(a int64, r int) int {
	if a < 0 {
		a += int64(r)
	}
	return int(a)
}

// replace computes n on inputs of few axes and gives its results their own shapes.
func (j *joiner) replace(n *ir.Node, attrs ir.Attrs, in ...*ir.Value) bool {
	low := j.p.AddN(n.Op, attrs, in, len(n.Outputs), n)
	for i, v := range n.Outputs {
		if v != nil {
			j.back(n, v, low.Outputs[i])
		}
	}
	return true
}

// alongAxis is an operator with the attribute axis, along which alone it works.
func (j *joiner) alongAxis(n *ir.Node) bool {
	r := n.In(0).Rank()
	d := j.reg.Get(n.Op).Attr("axis")
	if d == nil {
		return false
	}
	first, _ := d.Default.(int64)
	a := from0(n.Int("axis", first), r)
	kinds := marked(r, []int{a}, apart)
	var shapes []ir.Shape
	at := 0
	parts := 1 // inputs that are data
	if n.Op == "Concat" {
		parts = len(n.Inputs)
	}
	for _, v := range n.Inputs[:parts] {
		s, places := grouped(v.Shape, kinds)
		shapes, at = append(shapes, s), places[a]
	}
	if !j.fits(n, shapes...) {
		return false
	}
	in := slices.Clone(n.Inputs)
	for i, s := range shapes {
		in[i] = j.as(n, in[i], s)
	}
	attrs := n.Attrs.Clone()
	attrs["axis"] = int64(at)
	return j.replace(n, attrs, in...)
}

func (j *joiner) cumSum(n *ir.Node) bool {
	axes, ok := axesOf(n.In(1), n.In(0).Rank())
	if !ok || len(axes) != 1 {
		return false
	}
	s, at := grouped(n.In(0).Shape, marked(n.In(0).Rank(), axes, apart))
	if !j.fits(n, s) {
		return false
	}
	axis := n.In(1)
	if axis.Rank() == 0 {
		axis = j.p.Const(n.Name+"_axis", tensor.Scalar(int64(at[axes[0]])))
	} else {
		axis = j.ints(n, at[axes[0]])
	}
	return j.replace(n, n.Attrs.Clone(), j.as(n, n.In(0), s), axis)
}

// reduce joins axes that go, and axes that stay.
func (j *joiner) reduce(n *ir.Node) bool {
	axes, ok := axesOf(n.In(1), n.In(0).Rank())
	if !ok || len(axes) == 0 || n.In(1) == nil && n.Int("noop_with_empty_axes", 0) != 0 {
		return false
	}
	s, at := grouped(n.In(0).Shape, marked(n.In(0).Rank(), axes, 1))
	if !j.fits(n, s) {
		return false
	}
	var gone []int
	for _, a := range axes {
		gone = append(gone, at[a])
	}
	slices.Sort(gone)
	attrs := n.Attrs.Clone()
	attrs["keepdims"] = int64(1)
	return j.replace(n, attrs, j.as(n, n.In(0), s), j.ints(n, slices.Compact(gone)...))
}

// slice keeps only the bounds of axes that are cut.
func (j *joiner) slice(n *ir.Node) bool {
	x, y := n.In(0), n.Out(0)
	starts, ok1 := n.In(1).ConstInts()
	ends, ok2 := n.In(2).ConstInts()
	axes, ok3 := axesOf(n.In(3), x.Rank())
	if n.In(3) == nil {
		axes = axes[:min(len(starts), len(axes))]
	}
	steps, ok4 := slices.Repeat([]int64{1}, len(starts)), true
	if n.In(4) != nil {
		steps, ok4 = n.In(4).ConstInts()
	}
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return false
	}
	var cut []int
	for i, a := range axes {
		if !x.Shape[a].Equal(y.Shape[a]) || steps[i] < 0 {
			cut = append(cut, i)
		}
	}
	var list [4][]int
	kinds := make([]int, x.Rank())
	for _, i := range cut {
		kinds[axes[i]] = apart
	}
	s, at := grouped(x.Shape, kinds)
	if !j.fits(n, s) {
		return false
	}
	for _, i := range cut {
		for k, v := range []int{int(starts[i]), int(ends[i]), at[axes[i]], int(steps[i])} {
			list[k] = append(list[k], v)
		}
	}
	low := j.as(n, x, s)
	if len(cut) == 0 {
		j.back(n, y, low)
		return true
	}
	return j.replace(n, nil, low, j.ints(n, list[0]...), j.ints(n, list[1]...), j.ints(n, list[2]...), j.ints(n, list[3]...))
}

// pad keeps only the amounts of axes that are padded.
func (j *joiner) pad(n *ir.Node) bool {
	x := n.In(0)
	pads, ok := n.In(1).ConstInts()
	axes, ok2 := axesOf(n.In(3), x.Rank())
	if !ok || !ok2 || len(pads) != 2*len(axes) {
		return false
	}
	var some, before, after []int
	for i, a := range axes {
		if lo, hi := pads[i], pads[len(axes)+i]; lo != 0 || hi != 0 {
			some, before, after = append(some, a), append(before, int(lo)), append(after, int(hi))
		}
	}
	s, at := grouped(x.Shape, marked(x.Rank(), some, apart))
	if !j.fits(n, s) {
		return false
	}
	low := j.as(n, x, s)
	if len(some) == 0 {
		j.back(n, n.Out(0), low)
		return true
	}
	for i, a := range some {
		some[i] = at[a]
	}
	return j.replace(n, n.Attrs.Clone(), low, j.ints(n, slices.Concat(before, after)...), n.In(2), j.ints(n, some...))
}

func (j *joiner) tile(n *ir.Node) bool {
	times, ok := n.In(1).ConstInts()
	if !ok || len(times) != n.In(0).Rank() {
		return false
	}
	var some []int
	for a, t := range times {
		if t != 1 {
			some = append(some, a)
		}
	}
	s, at := grouped(n.In(0).Shape, marked(len(times), some, apart))
	if !j.fits(n, s) {
		return false
	}
	low := slices.Repeat([]int{1}, len(s))
	for _, a := range some {
		low[at[a]] = int(times[a])
	}
	return j.replace(n, nil, j.as(n, n.In(0), s), j.ints(n, low...))
}

// expand joins axes that are repeated, and axes that are not; where they lie between one
// another, axes are repeated one after the other.
func (j *joiner) expand(n *ir.Node) bool {
	to := n.Out(0).Shape
	if _, ok := to.Ints(); !ok {
		return false
	}
	from := append(ir.Dims(slices.Repeat([]int{1}, len(to)-n.In(0).Rank())...), n.In(0).Shape...)
	kinds := make([]int, len(to))
	for k := range to {
		if !from[k].Equal(to[k]) {
			kinds[k] = 1
		}
	}
	out, _ := grouped(to, kinds)
	in := joinAs(from, to, kinds)
	if !j.fits(n, in, out) {
		first := slices.Index(kinds, 1)
		if first < 0 || !slices.Contains(kinds[first+1:], 1) || !from.IsStatic() {
			return false
		}
		step := slices.Clone(from)
		step[first] = to[first]
		some, _ := step.Ints()
		full, _ := to.Ints()
		part := j.p.Add("Expand", nil, []*ir.Value{n.In(0), j.ints(n, some...)}, n)
		j.p.Replace(n.Out(0), j.p.Add("Expand", nil, []*ir.Value{part, j.ints(n, full...)}, n))
		return true
	}
	sizes, _ := out.Ints()
	return j.replace(n, nil, j.as(n, n.In(0), in), j.ints(n, sizes...))
}

// gather takes places of one axis; the places are a row.
func (j *joiner) gather(n *ir.Node) bool {
	x, idx := n.In(0), n.In(1)
	a := from0(n.Int("axis", 0), x.Rank())
	s, at := grouped(x.Shape, marked(x.Rank(), []int{a}, apart))
	row, ok := idx.Shape.NumElements()
	if !ok || !j.fits(n, s) {
		return false
	}
	return j.replace(n, ir.Attrs{"axis": int64(at[a])}, j.as(n, x, s), j.as(n, idx, ir.Shape{row}))
}

// gatherND takes places of several axes; behind them, and before those of the
// batch, all is one axis.
func (j *joiner) gatherND(n *ir.Node) bool {
	x, idx, b := n.In(0), n.In(1), int(n.Int("batch_dims", 0))
	tuple, ok := idx.Shape[idx.Rank()-1].Int()
	if !ok {
		return false
	}
	product := func(s ir.Shape) ir.Dim {
		d := ir.Static(1)
		for _, x := range s {
			d = d.Mul(x)
		}
		return d
	}
	t := int(tuple)
	data := append(slices.Clone(x.Shape[b:b+t]), product(x.Shape[b+t:]))
	places := ir.Shape{product(idx.Shape[b : idx.Rank()-1]), idx.Shape[idx.Rank()-1]}
	attrs := ir.Attrs{}
	if b > 0 {
		data, places = append(ir.Shape{product(x.Shape[:b])}, data...), append(ir.Shape{product(idx.Shape[:b])}, places...)
		attrs["batch_dims"] = int64(1)
	}
	if !j.fits(n, data, places) {
		return false
	}
	return j.replace(n, attrs, j.as(n, x, data), j.as(n, idx, places))
}

// transpose joins axes that stay side by side. Where more are left than the target
// has, it is a row of exchanges of neighbouring blocks, each block one axis.
func (j *joiner) transpose(n *ir.Node) bool {
	x := n.In(0)
	s, perm := sideBySide(x.Shape, n.Ints("perm"))
	if len(s) <= j.most {
		if !j.fits(n, s) {
			return false
		}
		if len(s) < 2 {
			j.back(n, n.Out(0), j.as(n, x, s))
			return true
		}
		list := make([]int64, len(perm))
		for i, a := range perm {
			list[i] = int64(a)
		}
		return j.replace(n, ir.Attrs{"perm": list}, j.as(n, x, s))
	}
	if _, ok := s.Ints(); !ok || len(s) > ir.MaxExchanged || !j.fits(n) {
		return false
	}
	order := make([]int, len(s))
	for i := range order {
		order[i] = i
	}
	for _, e := range ir.Exchanges(perm) {
		blocks, moved := e.Blocks(order)
		seen, list := make(ir.Shape, len(blocks)), make([]int64, len(blocks))
		for i, block := range blocks {
			seen[i], list[i] = ir.Static(1), int64(moved[i])
			for _, g := range block {
				seen[i] = seen[i].Mul(s[g])
			}
		}
		x = j.p.Add("Transpose", ir.Attrs{"perm": list}, []*ir.Value{j.as(n, x, seen)}, n)
		order = e.Apply(order)
	}
	j.back(n, n.Out(0), x)
	return true
}

// sideBySide leaves out axes of one element and joins those that stay side by side
// under perm (nil: reversed).
func sideBySide(s ir.Shape, perm []int64) (joined ir.Shape, order []int) {
	place := map[int]int{} // of each axis that is kept, in the result
	var kept []int
	for k := range s {
		a := len(s) - 1 - k
		if perm != nil {
			a = int(perm[k])
		}
		if !s[a].Is(1) {
			place[a] = len(kept)
			kept = append(kept, a)
		}
	}
	group := map[int]int{}
	last := -1
	for a, d := range s {
		if d.Is(1) {
			continue
		}
		if last >= 0 && place[a] == place[last]+1 {
			group[a] = group[last]
			joined[group[a]] = joined[group[a]].Mul(d)
		} else {
			group[a] = len(joined)
			joined = append(joined, d)
		}
		last = a
	}
	for i, a := range kept {
		if i == 0 || group[a] != group[kept[i-1]] {
			order = append(order, group[a])
		}
	}
	if len(joined) == 0 {
		joined = ir.Dims(1)
	}
	return joined, order
}
