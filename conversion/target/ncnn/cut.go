package ncnn

import (
	"slices"

	"slipway/conversion/ir"
)

// part is what a Slice keeps of one axis.
type part struct{ axis, start, size, step int }

// end is the place behind the last element kept.
func (p part) end() int { return p.start + (p.size-1)*p.step + 1 }

// slice is Crop; steps are a pooling of windows of one element, backwards they are
// picked.
func slice(e *emitter, n *ir.Node) string {
	parts, why := kept(n)
	if why != "" {
		return why
	}
	return e.crop(n, parts)
}

// kept are the parts of a Slice, without the axes that stay whole.
func kept(n *ir.Node) (parts []part, why string) {
	d, out := full(n.In(0)), full(n.Out(0))
	starts, ok := known(n.In(1))
	if !ok {
		return nil, "needs constant bounds"
	}
	axes, steps := []int{}, []int{}
	for k := range starts {
		axes, steps = append(axes, k), append(steps, 1)
	}
	if v := n.In(3); v != nil {
		if axes, ok = known(v); !ok {
			return nil, "needs constant axes"
		}
	}
	if v := n.In(4); v != nil {
		if steps, ok = known(v); !ok {
			return nil, "needs constant steps"
		}
	}
	for k, a := range axes {
		a = axis(a, len(d))
		s := starts[k]
		if s < 0 {
			s += d[a]
		}
		s = min(max(s, 0), d[a])
		step := steps[k]
		if step < 0 {
			s = min(s, d[a]-1)
		}
		if out[a] == 1 {
			step = 1
		}
		if out[a] != d[a] || step < 0 {
			parts = append(parts, part{a, s, out[a], step})
		}
	}
	return parts, ""
}

// gather with constant indices that follow one another is Crop; computed ones are
// picked.
func gather(e *emitter, n *ir.Node) string {
	if _, ok := known(n.In(1)); !ok && len(full(n.In(0))) > 0 {
		return e.gatherComputed(n, axis(int(n.Int("axis", 0)), len(full(n.In(0)))))
	}
	parts, why := taken(n)
	if why == scattered {
		idx, _ := known(n.In(1))
		d := full(n.In(0))
		a := axis(int(n.Int("axis", 0)), len(d))
		for k := range idx {
			idx[k] = axis(idx[k], d[a])
		}
		e.set(n.Out(0), e.pickKnown(n, e.in(n.In(0)), d, a, idx))
		return ""
	}
	if why != "" {
		return why
	}
	return e.crop(n, parts)
}

// scattered says of indices that no one cut gives what they take.
const scattered = "takes indices that do not follow one another"

// taken is the part that a Gather takes, none where it takes all.
func taken(n *ir.Node) (parts []part, why string) {
	idx, ok := known(n.In(1))
	d := full(n.In(0))
	a := axis(int(n.Int("axis", 0)), len(d))
	if !ok || len(idx) == 0 || len(d) == 0 {
		return nil, "needs constant indices"
	}
	for k := range idx {
		if idx[k] = axis(idx[k], d[a]); idx[k] < 0 || idx[k] >= d[a] {
			return nil, "takes an index that is none"
		}
		if idx[k] != idx[0]+k {
			return nil, scattered
		}
	}
	if len(idx) == d[a] {
		return nil, ""
	}
	return []part{{a, idx[0], len(idx), 1}}, ""
}

// crop keeps parts of n's input: all axes at once where the blob has the tensor's
// own, else one after the other.
func (e *emitter) crop(n *ir.Node, parts []part) string {
	v := n.In(0)
	if len(parts) == 0 {
		e.alias(n.Out(0), v)
		return ""
	}
	if e.together(n, parts) {
		return ""
	}
	d := full(v)
	if slices.ContainsFunc(parts, func(p part) bool { return p.step < 0 }) {
		b := e.in(v)
		for k, p := range parts {
			if p.step > 0 {
				continue
			}
			idx := make([]int, p.size)
			for i := range idx {
				idx[i] = p.start + i*p.step
			}
			b = e.pickKnown(n, b, d, p.axis, idx)
			d[p.axis], parts[k] = p.size, part{p.axis, 0, p.size, 1}
		}
		e.set(n.Out(0), e.cropEach(b, d, parts))
		return ""
	}
	view, at := natural(d), places(d)
	if slices.ContainsFunc(parts, func(p part) bool { return at[p.axis] < 0 }) {
		e.set(n.Out(0), e.cropEach(e.in(v), d, parts))
		return ""
	}
	b := e.as(v, view...)
	for k, p := range parts {
		parts[k].axis = at[p.axis]
	}
	e.set(n.Out(0), e.cropAll(b, parts))
	return ""
}

// cropEach cuts a blob that stands for a tensor of dimensions d axis by axis.
func (e *emitter) cropEach(b *blob, d []int, parts []part) *blob {
	d = slices.Clone(d)
	for _, p := range parts {
		outer, inner := count(d[:p.axis]), count(d[p.axis+1:])
		size := d[p.axis]
		d[p.axis] = p.size
		p.axis = 1
		b = e.cropAll(e.reshape(b, []int{outer, size, inner}), []part{p})
	}
	return b
}

// cropAll keeps parts of a blob, whose own axes they name.
func (e *emitter) cropAll(b *blob, parts []part) *blob {
	dims := slices.Clone(b.dims)
	var starts, ends, axes []int
	stepped := false
	for _, p := range parts {
		stepped = stepped || p.step > 1
		if p.start == 0 && p.end() == dims[p.axis] {
			continue
		}
		starts, ends, axes = append(starts, p.start), append(ends, p.end()), append(axes, p.axis)
		dims[p.axis] = p.end() - p.start
	}
	if len(axes) > 0 {
		b = e.add("Crop", []*blob{b}, dims, ints(9, starts), ints(10, ends), ints(11, axes))
	}
	if stepped {
		b = e.strided(b, parts)
	}
	return b
}

// together writes cuts that are all parts of their input, each once, as one Slice
// layer, at the first of them.
func (e *emitter) together(n *ir.Node, parts []part) bool {
	if e.g == nil || len(parts) != 1 || parts[0].step != 1 {
		return false
	}
	type piece struct {
		n *ir.Node
		p part
	}
	v, a := n.In(0), parts[0].axis
	var all []piece
	for _, u := range v.Uses() {
		var ps []part
		var why string
		switch {
		case u.Index != 0:
			continue
		case u.Node.Op == "Slice":
			ps, why = kept(u.Node)
		case u.Node.Op == "Gather":
			ps, why = taken(u.Node)
		default:
			continue
		}
		if why == "" && len(ps) == 1 && ps[0].axis == a && ps[0].step == 1 && !e.skip[u.Node] {
			all = append(all, piece{u.Node, ps[0]})
		}
	}
	slices.SortFunc(all, func(x, y piece) int { return x.p.start - y.p.start })
	at := 0
	for _, x := range all {
		if x.p.start != at {
			return false
		}
		at += x.p.size
	}
	if len(all) < 2 || at != full(v)[a] {
		return false
	}
	in, pos, _ := e.along(v, a)
	var dims [][]int
	var sizes []int
	for _, x := range all {
		d := slices.Clone(in.dims)
		d[pos] = x.p.size
		dims, sizes = append(dims, d), append(sizes, x.p.size)
		if x.n != n {
			e.also, e.skip[x.n] = append(e.also, x.n.Origin...), true
		}
	}
	l := e.addN("Slice", []*blob{in}, dims, ints(0, sizes), num(1, pos))
	for k, x := range all {
		e.set(x.n.Out(0), l.out[k])
	}
	return true
}

// strided keeps every step-th element from the first on.
func (e *emitter) strided(b *blob, parts []part) *blob {
	window := func(b *blob, sh, sw int, out []int) *blob {
		return e.add("Pooling", []*blob{b}, out, num(0, 0), num(1, 1), num(11, 1), num(2, sw), num(12, sh), num(5, 1))
	}
	if len(b.dims) == 3 && !slices.ContainsFunc(parts, func(p part) bool { return p.axis == 0 && p.step > 1 }) {
		out, s := slices.Clone(b.dims), [3]int{1, 1, 1}
		for _, p := range parts {
			if p.step > 1 {
				out[p.axis], s[p.axis] = p.size, p.step
			}
		}
		return window(b, s[1], s[2], out)
	}
	for _, p := range parts {
		if p.step == 1 {
			continue
		}
		d := slices.Clone(b.dims)
		outer, inner := count(d[:p.axis]), count(d[p.axis+1:])
		r := window(e.reshape(b, []int{outer, d[p.axis], inner}), p.step, 1, []int{outer, p.size, inner})
		d[p.axis] = p.size
		b = e.reshape(r, d)
	}
	return b
}
