package ncnn

import (
	"slices"

	"slipway/conversion/ir"
)

var shapeOps = map[string]spelling{
	"Reshape": move, "Flatten": move, "Squeeze": move, "Unsqueeze": move,
	"Transpose": transpose, "Concat": concat, "Split": split, "Slice": slice, "Gather": gather, "Pad": pad, "Expand": expand, "Tile": tile,
}

// move keeps the elements in their order: nothing is written.
func move(e *emitter, n *ir.Node) string {
	if n.Out(1) != nil {
		return "has one output"
	}
	e.alias(n.Out(0), n.In(0))
	return ""
}

// orders are Permute's, by number of dimensions: the sources of the result's
// dimensions, innermost first.
var orders = map[int][]string{
	2: {"WH", "HW"},
	3: {"WHC", "HWC", "WCH", "CWH", "HCW", "CHW"},
	4: {
		"WHDC", "HWDC", "WDHC", "DWHC", "HDWC", "DHWC", "WHCD", "HWCD", "WCHD", "CWHD", "HCWD", "CHWD",
		"WDCH", "DWCH", "WCDH", "CWDH", "DCWH", "CDWH", "HDCW", "DHCW", "HCDW", "CHDW", "DCHW", "CDHW",
	},
}

// transpose leaves out axes of one element and joins those that stay together.
func transpose(e *emitter, n *ir.Node) string {
	d := full(n.In(0))
	perm := n.Ints("perm")
	if perm == nil {
		for k := range d {
			perm = append(perm, int64(len(d)-1-k))
		}
	}
	var dims []int
	group := make([]int, len(d)) // axis -> joined axis; -1 where left out
	follows := func(k int) bool {
		at := slices.Index(perm, int64(k))
		for before := k - 1; before >= 0; before-- {
			if d[before] == 1 {
				continue
			}
			for at--; at >= 0 && d[perm[at]] == 1; at-- {
			}
			return at >= 0 && perm[at] == int64(before)
		}
		return false
	}
	for k, x := range d {
		switch {
		case x == 1:
			group[k] = -1
		case follows(k):
			group[k] = len(dims) - 1
			dims[len(dims)-1] *= x
		default:
			group[k] = len(dims)
			dims = append(dims, x)
		}
	}
	var p []int
	for _, k := range perm {
		if g := group[k]; g >= 0 && !slices.Contains(p, g) {
			p = append(p, g)
		}
	}
	if len(dims) < 2 {
		e.alias(n.Out(0), n.In(0))
		return ""
	}
	switch {
	case len(dims) > maxJoined:
		return "moves more than seven dimensions"
	case len(dims) > 4:
		e.set(n.Out(0), e.permuteMany(e.reshape(e.in(n.In(0)), []int{count(d)}), dims, p))
	default:
		e.set(n.Out(0), e.permute(e.as(n.In(0), dims...), p))
	}
	return ""
}

func concat(e *emitter, n *ir.Node) string {
	if len(n.Inputs) == 1 {
		return move(e, n)
	}
	out := full(n.Out(0))
	a := axis(int(n.Int("axis", 0)), len(out))
	var in []*blob
	at, sum := 0, 0
	for _, v := range n.Inputs {
		if n, ok := v.Shape.NumElements(); ok && n.Is(0) {
			continue // adds nothing
		}
		d := full(v)
		var b *blob
		if drop, same := dropped(n.Out(0)); same && a >= drop {
			b, at = e.as(v, d[drop:]...), a-drop
		} else {
			b, at = e.as(v, count(d[:a]), d[a], count(d[a+1:])), 1
		}
		in = append(in, b)
		sum += d[a]
	}
	if len(in) == 0 {
		return "gives no elements"
	}
	dims := slices.Clone(in[0].dims)
	dims[at] = sum
	e.set(n.Out(0), e.add("Concat", in, dims, num(0, at)))
	return ""
}

// split is Slice with the sizes of the parts.
func split(e *emitter, n *ir.Node) string {
	a := axis(int(n.Int("axis", 0)), len(full(n.In(0))))
	in, at, ok := e.along(n.In(0), a)
	if !ok {
		return "works on tensors"
	}
	var dims [][]int
	var sizes []int
	for _, v := range n.Outputs {
		if v == nil {
			return "gives every part"
		}
		d := slices.Clone(in.dims)
		d[at] = full(v)[a]
		dims, sizes = append(dims, d), append(sizes, d[at])
	}
	if len(sizes) == 1 {
		return move(e, n)
	}
	l := e.addN("Slice", []*blob{in}, dims, ints(0, sizes), num(1, at))
	for k, v := range n.Outputs {
		e.set(v, l.out[k])
	}
	return ""
}

// part is what a Slice keeps of one axis.
type part struct{ axis, start, size, step int }

// slice is Crop; steps are a pooling of windows of one element.
func slice(e *emitter, n *ir.Node) string {
	d, out := full(n.In(0)), full(n.Out(0))
	starts, ok := known(n.In(1))
	if !ok {
		return "needs constant bounds"
	}
	axes, steps := []int{}, []int{}
	for k := range starts {
		axes, steps = append(axes, k), append(steps, 1)
	}
	if v := n.In(3); v != nil {
		if axes, ok = known(v); !ok {
			return "needs constant axes"
		}
	}
	if v := n.In(4); v != nil {
		if steps, ok = known(v); !ok {
			return "needs constant steps"
		}
	}
	var parts []part
	for k, a := range axes {
		a = axis(a, len(d))
		s := starts[k]
		if s < 0 {
			s += d[a]
		}
		s = min(max(s, 0), d[a])
		if steps[k] < 0 && out[a] > 1 {
			return "does not reverse"
		}
		if steps[k] < 0 {
			s = min(s, d[a]-1)
		}
		if out[a] != d[a] {
			parts = append(parts, part{a, s, out[a], max(steps[k], 1)})
		}
	}
	return e.crop(n, parts)
}

func (e *emitter) crop(n *ir.Node, parts []part) string {
	v := n.In(0)
	d := full(v)
	if len(parts) == 0 {
		e.alias(n.Out(0), v)
		return ""
	}
	drop, same := dropped(v)
	if !same || slices.ContainsFunc(parts, func(p part) bool { return p.axis < drop }) {
		return "cuts axes that ncnn cannot tell apart"
	}
	b := e.as(v, d[drop:]...)
	dims := slices.Clone(b.dims)
	var starts, ends, axes []int
	stepped := false
	for _, p := range parts {
		a := p.axis - drop
		stepped = stepped || p.step > 1
		end := p.start + (p.size-1)*p.step + 1
		if p.start == 0 && end == dims[a] {
			continue
		}
		starts, ends, axes = append(starts, p.start), append(ends, end), append(axes, a)
		dims[a] = end - p.start
	}
	if len(axes) > 0 {
		b = e.add("Crop", []*blob{b}, dims, ints(9, starts), ints(10, ends), ints(11, axes))
	}
	if stepped {
		b = e.strided(b, parts, drop)
	}
	e.set(n.Out(0), b)
	return ""
}

// strided keeps every step-th element from the first on.
func (e *emitter) strided(b *blob, parts []part, drop int) *blob {
	window := func(b *blob, sh, sw int, out []int) *blob {
		return e.add("Pooling", []*blob{b}, out, num(0, 0), num(1, 1), num(11, 1), num(2, sw), num(12, sh), num(5, 1))
	}
	if len(b.dims) == 3 && !slices.ContainsFunc(parts, func(p part) bool { return p.axis-drop == 0 && p.step > 1 }) {
		out, s := slices.Clone(b.dims), [3]int{1, 1, 1}
		for _, p := range parts {
			if p.step > 1 {
				out[p.axis-drop], s[p.axis-drop] = p.size, p.step
			}
		}
		return window(b, s[1], s[2], out)
	}
	for _, p := range parts {
		if p.step == 1 {
			continue
		}
		a := p.axis - drop
		d := slices.Clone(b.dims)
		outer, inner := count(d[:a]), count(d[a+1:])
		r := window(e.reshape(b, []int{outer, d[a], inner}), p.step, 1, []int{outer, p.size, inner})
		d[a] = p.size
		b = e.reshape(r, d)
	}
	return b
}

// gather with constant indices that follow one another is Crop.
func gather(e *emitter, n *ir.Node) string {
	idx, ok := known(n.In(1))
	d := full(n.In(0))
	a := axis(int(n.Int("axis", 0)), len(d))
	if !ok || len(idx) == 0 || len(d) == 0 {
		return "needs constant indices"
	}
	for k := range idx {
		idx[k] = axis(idx[k], d[a])
		if idx[k] != idx[0]+k {
			return "takes indices that follow one another only"
		}
	}
	if len(idx) == d[a] {
		e.alias(n.Out(0), n.In(0))
		return ""
	}
	in, at, _ := e.along(n.In(0), a)
	dims := slices.Clone(in.dims)
	dims[at] = len(idx)
	e.set(n.Out(0), e.add("Crop", []*blob{in}, dims, ints(9, []int{idx[0]}), ints(10, []int{idx[0] + len(idx)}), ints(11, []int{at})))
	return ""
}

var padTypes = map[string]int{"constant": 0, "edge": 1, "reflect": 2}

func pad(e *emitter, n *ir.Node) string {
	typ, ok := padTypes[n.Str("mode", "constant")]
	if !ok {
		return "has no mode " + n.Str("mode", "")
	}
	d := full(n.In(0))
	pads, ok := known(n.In(1))
	if !ok {
		return "needs constant padding"
	}
	axes := []int{}
	for k := range d {
		axes = append(axes, k)
	}
	if v := n.In(3); v != nil {
		if axes, ok = known(v); !ok {
			return "needs constant axes"
		}
	}
	value := 0.0
	if v := n.In(2); v != nil {
		c := packed(v)
		if c == nil || c.t.Len() != 1 {
			return "needs a constant value"
		}
		value = float64(c.floats()[0])
	}
	before, after := make([]int, len(d)), make([]int, len(d))
	for k, a := range axes {
		a = axis(a, len(d))
		before[a], after[a] = pads[k], pads[k+len(axes)]
		if min(before[a], after[a]) < 0 {
			return "does not cut"
		}
	}
	drop, same := dropped(n.In(0))
	if !same || drop == 1 && before[0]+after[0] > 0 {
		return "pads no batch and at most four dimensions"
	}
	before, after, d = before[drop:], after[drop:], d[drop:]
	out := make([]int, len(d))
	for k := range d {
		out[k] = d[k] + before[k] + after[k]
	}
	// From the inside: left and right, top and bottom, front and behind.
	ids := [][2]int{{2, 3}, {0, 1}, {7, 8}}
	params := []param{num(4, typ), flt(5, value)}
	for k := range d {
		from := len(d) - 1 - k
		if k >= len(ids) {
			if before[from]+after[from] > 0 {
				return "does not pad the outermost of four dimensions"
			}
			continue
		}
		params = append(params, num(ids[k][0], before[from]), num(ids[k][1], after[from]))
	}
	e.set(n.Out(0), e.add("Padding", []*blob{e.as(n.In(0), d...)}, out, params...))
	return ""
}

func expand(e *emitter, n *ir.Node) string { return e.repeat(n) }

func tile(e *emitter, n *ir.Node) string { return e.repeat(n) }

// repeat makes the output by repeating the input along axes.
func (e *emitter) repeat(n *ir.Node) string {
	d, out := aligned(full(n.In(0)), full(n.Out(0)))
	for len(d) > 1 && d[0] == 1 && out[0] == 1 {
		d, out = d[1:], out[1:]
	}
	if len(d) > 4 || len(d) == 0 {
		return "works on at most four dimensions"
	}
	times := make([]int, len(d))
	for k := range d {
		times[k] = out[k] / d[k]
	}
	if slices.Equal(d, out) {
		e.alias(n.Out(0), n.In(0))
		return ""
	}
	e.set(n.Out(0), e.add("Tile", []*blob{e.as(n.In(0), d...)}, out, ints(2, times)))
	return ""
}
