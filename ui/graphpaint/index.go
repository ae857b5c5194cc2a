package graphpaint

import (
	"math"
	"slices"

	"slipway/ui/graphlayout"
)

// segment is one piece of a line between boxes; pieces that several edges share are there once.
type segment struct {
	p0, c1, c2, p1 graphlayout.Point
	curve          bool
}

func (s *segment) box() graphlayout.Rect {
	r := graphlayout.Rect{
		Min: graphlayout.Point{X: min(s.p0.X, s.p1.X), Y: min(s.p0.Y, s.p1.Y)},
		Max: graphlayout.Point{X: max(s.p0.X, s.p1.X), Y: max(s.p0.Y, s.p1.Y)},
	}
	if s.curve {
		r.Min.X, r.Max.X = min(r.Min.X, s.c1.X, s.c2.X), max(r.Max.X, s.c1.X, s.c2.X)
		r.Min.Y, r.Max.Y = min(r.Min.Y, s.c1.Y, s.c2.Y), max(r.Max.Y, s.c1.Y, s.c2.Y)
	}
	return r
}

// label is the text on a tensor's line, centred at at.
type label struct {
	text string
	at   graphlayout.Point
	w    float32
}

func (l *label) box() graphlayout.Rect {
	const h = labelSize * 1.3
	return graphlayout.Rect{
		Min: graphlayout.Point{X: l.at.X - l.w/2 - labelPad, Y: l.at.Y - h/2},
		Max: graphlayout.Point{X: l.at.X + l.w/2 + labelPad, Y: l.at.Y + h/2},
	}
}

// index prepares everything that painting and hit tests look up.
func (d *Drawing) index() {
	n := len(d.Scene.Nodes)
	d.byID = make(map[string]int, n)
	for i := range d.Scene.Nodes {
		if _, ok := d.byID[d.Scene.Nodes[i].ID]; !ok {
			d.byID[d.Scene.Nodes[i].ID] = i
		}
	}
	from, to := make([]int, len(d.Scene.Edges)), make([]int, len(d.Scene.Edges))
	d.hasIn = make([]bool, n)
	for i, e := range d.Scene.Edges {
		from[i], to[i] = e.From, e.To
		if d.Layout.Routes[i].Back && e.From != e.To {
			d.backs = append(d.backs, int32(i))
		} else {
			d.hasIn[e.To] = true
		}
	}
	d.out, d.in = newLists(n, from), newLists(n, to)
	d.collectSegments()
	d.collectLabels()

	b := d.Bounds()
	d.nodeGrid = newGrid(b, n, d.NodeRect)
	d.segGrid = newGrid(b, len(d.segs), func(i int) graphlayout.Rect { return d.segs[i].box() })
	d.labelGrid = newGrid(b, len(d.labels), func(i int) graphlayout.Rect { return d.labels[i].box() })
}

func (d *Drawing) collectSegments() {
	seen := make(map[segment]struct{}, len(d.Layout.Routes))
	for i := range d.Layout.Routes {
		walk(&d.Layout.Routes[i], func(s segment) {
			if _, ok := seen[s]; !ok {
				seen[s] = struct{}{}
				d.segs = append(d.segs, s)
			}
		})
	}
}

// walk visits the pieces of a route.
func walk(r *graphlayout.Route, visit func(segment)) {
	at := r.Start
	for _, s := range r.Segments {
		visit(segment{p0: at, c1: s.C1, c2: s.C2, p1: s.To, curve: s.Curve})
		at = s.To
	}
}

// collectLabels puts the label of every tensor on the straightest of its lines, in the gap under its node. A label that
// would cover another one is left out.
func (d *Drawing) collectLabels() {
	type tensor struct{ from, source int }
	best := make(map[tensor]int)
	var order []tensor
	reach := func(e int) float64 {
		s := d.labelSegment(e)
		return math.Abs(float64(s.p1.X-s.p0.X)) + math.Abs(float64(s.p1.Y-s.p0.Y))
	}
	for i, e := range d.Scene.Edges {
		if e.Label == "" || e.From == e.To {
			continue
		}
		k := tensor{e.From, e.Source}
		old, ok := best[k]
		if !ok {
			order = append(order, k)
		}
		if !ok || reach(i) < reach(old) {
			best[k] = i
		}
	}
	taken := make(map[[2]int][]graphlayout.Rect)
	for _, k := range order {
		e := best[k]
		text := d.fonts.face[regular].fit(d.Scene.Edges[e].Label, labelSize, maxValue)
		l := label{text: text, at: d.labelPlace(e), w: d.fonts.face[regular].width(text, labelSize)}
		box := l.box()
		free := true
		cells := cellsOf(box, 128)
		for _, c := range cells {
			for _, other := range taken[c] {
				free = free && !overlaps(other, box)
			}
		}
		if !free {
			continue
		}
		for _, c := range cells {
			taken[c] = append(taken[c], box)
		}
		d.labels = append(d.labels, l)
	}
}

func cellsOf(r graphlayout.Rect, size float32) [][2]int {
	var out [][2]int
	for y := int(r.Min.Y / size); y <= int(r.Max.Y/size); y++ {
		for x := int(r.Min.X / size); x <= int(r.Max.X/size); x++ {
			out = append(out, [2]int{x, y})
		}
	}
	return out
}

// labelSegment is the first piece of edge e that crosses the gap between layers: a short straight piece in front of a curve
// only leads out of the layer.
func (d *Drawing) labelSegment(e int) segment {
	r := &d.Layout.Routes[e]
	var first, second segment
	i := 0
	walk(r, func(s segment) {
		switch i {
		case 0:
			first = s
		case 1:
			second = s
		}
		i++
	})
	length := math.Abs(float64(first.p1.X-first.p0.X)) + math.Abs(float64(first.p1.Y-first.p0.Y))
	if !first.curve && length < layerGap*0.9 && i > 1 {
		return second
	}
	return first
}

func (d *Drawing) labelPlace(e int) graphlayout.Point {
	s := d.labelSegment(e)
	mid := graphlayout.Point{X: (s.p0.X + s.p1.X) / 2, Y: (s.p0.Y + s.p1.Y) / 2}
	if s.curve {
		return mid
	}
	dx, dy := s.p1.X-s.p0.X, s.p1.Y-s.p0.Y
	length := float32(math.Hypot(float64(dx), float64(dy)))
	if length == 0 {
		return mid
	}
	// A long straight line carries its label near its start, where the arrow at its end leaves room for it.
	at := min(length/2, layerGap/2) - 2
	// Lines that part leave room further down, lines that join further up.
	forks, joins := len(d.Successors(d.Scene.Edges[e].From)) > 1, len(d.Predecessors(d.Scene.Edges[e].To)) > 1
	switch {
	case forks && !joins:
		at += 5
	case joins && !forks:
		at -= 4
	}
	if d.Layout.Direction == graphlayout.Horizontal {
		at = min(length/2, 60)
	}
	return graphlayout.Point{X: s.p0.X + dx/length*at, Y: s.p0.Y + dy/length*at}
}

// lists are the edges of each node.
type lists struct {
	start []int32
	edge  []int32
}

func newLists(n int, key []int) lists {
	l := lists{start: make([]int32, n+1), edge: make([]int32, len(key))}
	for _, k := range key {
		l.start[k+1]++
	}
	for i := range n {
		l.start[i+1] += l.start[i]
	}
	next := slices.Clone(l.start)
	for e, k := range key {
		l.edge[next[k]] = int32(e)
		next[k]++
	}
	return l
}

func (l *lists) of(i int) []int32 { return l.edge[l.start[i]:l.start[i+1]] }

func sortedInts(s []int) []int {
	slices.Sort(s)
	return s
}
