package graphlayout

import "math"

// placeAlong gives the layers their coordinates along the flow. A gap whose edges reach far to the side is widened, so that
// they do not become flat.
func (w *work) placeAlong() {
	w.rowTop = make([]float64, w.layers)
	w.rowSize = make([]float64, w.layers)
	y := 0.0
	base := float64(w.opts.LayerGap)
	for l, row := range w.rows {
		w.rowTop[l] = y
		reach := 0.0
		for _, v := range row {
			w.rowSize[l] = max(w.rowSize[l], w.along(v))
			for _, t := range w.down.of(v) {
				reach = max(reach, math.Abs(w.x[t]-w.x[v]))
			}
		}
		y += w.rowSize[l] + min(base+max(0, reach-300)*0.06, 2.5*base)
	}
}

// result moves everything to the origin, routes the edges and exchanges the axes for a horizontal layout.
func (w *work) result() *Result {
	left, _ := w.extent(w.x)
	for v := range w.x {
		w.x[v] -= left
	}
	r := &Result{
		Direction: w.opts.Direction, Pos: make([]Point, w.n), Layer: w.layerOf[:w.n:w.n],
		Routes: make([]Route, len(w.g.Edges)), Layers: w.layers, Crossings: w.crossings,
	}
	for v := range int32(w.n) {
		l := w.layerOf[v]
		r.Pos[v] = w.point(w.x[v]-w.across(v)/2, w.rowTop[l]+(w.rowSize[l]-w.along(v))/2)
	}
	for e := range w.g.Edges {
		r.Routes[e] = w.route(int32(e))
	}
	r.measure(w.g)
	return r
}

func (w *work) point(across, along float64) Point {
	if w.opts.Direction == Horizontal {
		return Point{float32(along), float32(across)}
	}
	return Point{float32(across), float32(along)}
}

// pen draws one route in coordinates across and along the flow.
type pen struct {
	w    *work
	x, y float64
	out  []Segment
}

// to goes straight to (x, y); a segment in the same direction as the last one prolongs it.
func (p *pen) to(x, y float64) {
	if x == p.x && y == p.y {
		return
	}
	if k := len(p.out) - 1; k >= 0 && !p.out[k].Curve && x == p.x {
		p.out[k].To = p.w.point(x, y)
	} else {
		p.out = append(p.out, Segment{To: p.w.point(x, y)})
	}
	p.x, p.y = x, y
}

// bend goes to (x, y) in an S whose ends lie along the flow.
func (p *pen) bend(x, y float64) {
	if math.Abs(x-p.x) < 0.01 {
		p.to(p.x, y)
		return
	}
	mid := (y - p.y) / 2
	p.out = append(p.out, Segment{C1: p.w.point(p.x, p.y+mid), C2: p.w.point(x, y-mid), To: p.w.point(x, y), Curve: true})
	p.x, p.y = x, y
}

func (w *work) route(e int32) Route {
	edge := w.g.Edges[e]
	if w.isLoop[e] {
		return w.loop(int32(edge.From))
	}
	upper, lower := w.upperEnd(e), w.lowerEnd(e)
	lu, ll := w.layerOf[upper], w.layerOf[lower]
	p := pen{w: w, x: w.x[upper], y: w.rowTop[lu] + (w.rowSize[lu]+w.along(upper))/2}
	start := w.point(p.x, p.y)
	p.to(p.x, w.rowTop[lu]+w.rowSize[lu])
	if c := w.chainOf[e]; c >= 0 && ll-lu > 1 {
		for i := range ll - lu - 1 {
			d, l := w.chains[c].first+i, lu+1+i
			p.bend(w.x[d], w.rowTop[l])
			p.to(p.x, w.rowTop[l]+w.rowSize[l])
		}
	}
	p.bend(w.x[lower], w.rowTop[ll])
	p.to(p.x, w.rowTop[ll]+(w.rowSize[ll]-w.along(lower))/2)
	r := Route{Start: start, Segments: p.out}
	if w.reversed[e] {
		r.turn()
	}
	return r
}

// turn makes the route run the other way.
func (r *Route) turn() {
	n := len(r.Segments)
	turned := Route{Back: true, Start: r.Segments[n-1].To, Segments: make([]Segment, n)}
	for i, s := range r.Segments {
		end := r.Start
		if i > 0 {
			end = r.Segments[i-1].To
		}
		turned.Segments[n-1-i] = Segment{C1: s.C2, C2: s.C1, To: end, Curve: s.Curve}
	}
	*r = turned
}

// loop leaves a node at its lower and enters it at its upper border, passing it on the right.
func (w *work) loop(v int32) Route {
	l := w.layerOf[v]
	half := w.along(v) / 2
	mid := w.rowTop[l] + w.rowSize[l]/2
	side := w.x[v] + w.across(v)/2 + float64(w.opts.NodeGap)/2
	out := float64(w.opts.LayerGap) / 2
	return Route{Start: w.point(w.x[v], mid+half), Back: true, Segments: []Segment{
		{C1: w.point(w.x[v], mid+half+out), C2: w.point(side, mid+half+out), To: w.point(side, mid), Curve: true},
		{C1: w.point(side, mid-half-out), C2: w.point(w.x[v], mid-half-out), To: w.point(w.x[v], mid-half), Curve: true},
	}}
}

// measure finds the bounds and moves everything so that they start at the origin.
func (r *Result) measure(g *Graph) {
	lo := Point{math.MaxFloat32, math.MaxFloat32}
	hi := Point{-math.MaxFloat32, -math.MaxFloat32}
	see := func(p Point) {
		lo = Point{min(lo.X, p.X), min(lo.Y, p.Y)}
		hi = Point{max(hi.X, p.X), max(hi.Y, p.Y)}
	}
	for i, p := range r.Pos {
		see(p)
		see(Point{p.X + g.Nodes[i].W, p.Y + g.Nodes[i].H})
	}
	each := func(visit func(*Point)) {
		for i := range r.Routes {
			visit(&r.Routes[i].Start)
			for j := range r.Routes[i].Segments {
				s := &r.Routes[i].Segments[j]
				if s.Curve {
					visit(&s.C1)
					visit(&s.C2)
				}
				visit(&s.To)
			}
		}
	}
	each(func(p *Point) { see(*p) })
	if lo.X != 0 || lo.Y != 0 {
		shift := func(p *Point) { p.X -= lo.X; p.Y -= lo.Y }
		for i := range r.Pos {
			shift(&r.Pos[i])
		}
		each(shift)
	}
	r.Bounds = Rect{Max: Point{hi.X - lo.X, hi.Y - lo.Y}}
}
