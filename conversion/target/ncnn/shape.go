package ncnn

import (
	"slices"

	"slipway/conversion/ir"
)

var shapeOps = map[string]spelling{
	"Reshape": move, "Flatten": move, "Squeeze": move, "Unsqueeze": move,
	"Transpose": transpose, "Concat": concat, "Split": split, "Slice": slice, "Gather": gather, "GatherND": gatherND, "GatherElements": gatherElements, "Pad": pad, "Expand": expand, "Tile": tile,
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
	case len(dims) > ir.MaxExchanged:
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
	own := places(out) // axes that all blobs have
	at, sum := 0, 0
	for _, v := range n.Inputs {
		if n, ok := v.Shape.NumElements(); ok && n.Is(0) {
			continue // adds nothing
		}
		d := full(v)
		var b *blob
		if own[a] >= 0 {
			var dims []int
			for k, x := range d {
				if own[k] >= 0 {
					dims = append(dims, x)
				}
			}
			b, at = e.as(v, dims...), own[a]
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
	e.set(n.Out(0), e.padded(e.in(n.In(0)), d, before, after, typ, value))
	return ""
}

// padded pads a blob that stands for a tensor of dimensions d: at once where they
// are those of a blob and lie inside, else axis by axis.
func (e *emitter) padded(b *blob, d, before, after []int, typ int, value float64) *blob {
	if at := places(d); !slices.ContainsFunc(at, func(k int) bool { return k > 2 }) {
		view := natural(d)
		lo, hi := make([]int, len(view)), make([]int, len(view))
		all := true
		for k, p := range at {
			if p >= 0 {
				lo[p], hi[p] = before[k], after[k]
			} else if before[k]+after[k] > 0 {
				all = false
			}
		}
		if all {
			return e.padding(e.reshape(b, view), lo, hi, typ, value)
		}
	}
	d = slices.Clone(d)
	for k := range d {
		if before[k]+after[k] == 0 {
			continue
		}
		outer, inner := count(d[:k]), count(d[k+1:])
		view, lo, hi := []int{outer, d[k], inner}, []int{0, before[k], 0}, []int{0, after[k], 0}
		if inner == 1 {
			view, lo, hi = view[:2], lo[:2], hi[:2]
		}
		b = e.padding(e.reshape(b, view), lo, hi, typ, value)
		d[k] += before[k] + after[k]
	}
	return b
}

// padding is Padding on a blob of at most three axes.
func (e *emitter) padding(b *blob, before, after []int, typ int, value float64) *blob {
	// From the inside: left and right, top and bottom, front and behind.
	ids := [][2]int{{2, 3}, {0, 1}, {7, 8}}
	params := []param{num(4, typ), flt(5, value)}
	out := slices.Clone(b.dims)
	for k, id := range ids[:len(out)] {
		at := len(out) - 1 - k
		out[at] += before[at] + after[at]
		params = append(params, num(id[0], before[at]), num(id[1], after[at]))
	}
	return e.add("Padding", []*blob{b}, out, params...)
}

func expand(e *emitter, n *ir.Node) string { return e.repeat(n) }

func tile(e *emitter, n *ir.Node) string { return e.repeat(n) }

// repeat makes the output by repeating the input along axes.
func (e *emitter) repeat(n *ir.Node) string {
	d, out := aligned(full(n.In(0)), full(n.Out(0)))
	if slices.Equal(d, out) {
		e.alias(n.Out(0), n.In(0))
		return ""
	}
	e.set(n.Out(0), e.spread(e.in(n.In(0)), d, out))
	return ""
}

// spread repeats a blob that stands for a tensor of dimensions d to those of out:
// neighbours of which all or none are repeated from one element are one axis, and
// where more than four are left one axis is repeated after the other.
func (e *emitter) spread(b *blob, d, out []int) *blob {
	var from, to []int
	last := -1
	for k := range d {
		kind := 2 // some elements, repeated
		switch {
		case out[k] == 1:
			continue
		case d[k] == out[k]:
			kind = 0
		case d[k] == 1:
			kind = 1
		}
		if kind == last && kind < 2 {
			from[len(from)-1] *= d[k]
			to[len(to)-1] *= out[k]
			continue
		}
		from, to, last = append(from, d[k]), append(to, out[k]), kind
	}
	tile := func(b *blob, from, to []int) *blob {
		times := make([]int, len(from))
		for k := range from {
			times[k] = to[k] / from[k]
		}
		return e.add("Tile", []*blob{e.reshape(b, from)}, to, ints(2, times))
	}
	if len(from) <= 4 {
		return tile(b, from, to)
	}
	for k := range from {
		if from[k] != to[k] {
			outer, inner := count(to[:k]), count(from[k+1:])
			b = tile(b, []int{outer, from[k], inner}, []int{outer, to[k], inner})
		}
	}
	return b
}
