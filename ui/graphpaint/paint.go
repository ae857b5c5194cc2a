package graphpaint

import (
	"image"
	"image/color"
	"math"
	"sync"

	"slipway/ui/graphlayout"
)

// View is the part of a drawing that an image shows: X and Y are the place of the image's upper left corner in layout
// units, Zoom the number of pixels to a layout unit (greater than 0).
type View struct{ X, Y, Zoom float64 }

// area is the part of the drawing that an image of w×h pixels shows.
func (v View) area(w, h int) graphlayout.Rect {
	return graphlayout.Rect{
		Min: graphlayout.Point{X: float32(v.X), Y: float32(v.Y)},
		Max: graphlayout.Point{X: float32(v.X + float64(w)/v.Zoom), Y: float32(v.Y + float64(h)/v.Zoom)},
	}
}

// Marks are what is shown on top of a drawing. The zero value shows nothing, except that Selected 0 is a node: NoMarks
// selects none.
type Marks struct {
	// Selected is the node whose lines are drawn in the accent colour, or -1.
	Selected int
	// Found are the nodes with a frame in the colour of search results.
	Found []int
	// Heat colours the headers by value; nil leaves the classes' colours.
	Heat *Heat
}

// NoMarks shows the plain drawing.
var NoMarks = Marks{Selected: -1}

// Painter paints a drawing. Its methods may be called from any goroutine; they wait for each other.
type Painter struct {
	drawing *Drawing

	mu      sync.Mutex
	palette Palette
	r       raster
	glyphs  glyphCache
	find    finder
	shade   [classes]headerColours
}

type headerColours struct{ fill, edge, text color.RGBA }

// NewPainter makes a painter for d.
func NewPainter(d *Drawing, p Palette) *Painter {
	pt := &Painter{drawing: d, glyphs: glyphCache{fonts: d.fonts}}
	pt.SetPalette(p)
	return pt
}

// Drawing is what p paints.
func (p *Painter) Drawing() *Drawing { return p.drawing }

// SetPalette changes the colours of all later pictures.
func (p *Painter) SetPalette(pal Palette) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.palette = pal
	for c := range p.shade {
		p.shade[c] = p.colours(pal.Header[c])
	}
}

func (p *Painter) colours(header color.RGBA) headerColours {
	text := p.palette.HeaderText
	if !dark(header) {
		text = rgb(16, 16, 16)
	}
	return headerColours{fill: header, edge: mix(header, p.palette.Text, 0.18), text: text}
}

// Levels of detail: below these zooms text, rows and arrows disappear, and boxes become blocks.
const (
	minText  = 6.8  // px, the smallest text
	minArrow = 0.3  // zoom
	minBox   = 0.24 // zoom
	minEdge  = 0.7  // px, the shortest piece of a line that is drawn
)

// Paint fills dst with the part of the drawing that v shows. Characters that the fonts lack appear as their placeholder. A
// zoom that is not a positive number gives an empty picture.
func (p *Painter) Paint(dst *image.RGBA, v View, m Marks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.r.aim(dst)
	p.r.fill(0, 0, p.r.w, p.r.h, p.palette.Canvas)
	if !(v.Zoom > 0) || math.IsInf(v.Zoom, 0) || p.r.w == 0 || p.r.h == 0 {
		return
	}
	area := v.area(p.r.w, p.r.h)
	p.paintEdges(v, area, m)
	if v.Zoom*labelSize >= minText {
		p.paintLabels(v, area)
	}
	p.paintNodes(v, area, m)
}

func (p *Painter) paintEdges(v View, area graphlayout.Rect, m Marks) {
	d := p.drawing
	pad := float32(3 / v.Zoom)
	wide := graphlayout.Rect{
		Min: graphlayout.Point{X: area.Min.X - pad, Y: area.Min.Y - pad},
		Max: graphlayout.Point{X: area.Max.X + pad, Y: area.Max.Y + pad},
	}
	width := min(max(1.25*v.Zoom, 0.8), 2)
	strength := uint32(255)
	if v.Zoom < 0.25 {
		strength = uint32(120 + 135*v.Zoom/0.25)
	}
	for _, i := range p.find.find(&d.segGrid, wide) {
		p.segment(&d.segs[i], v, wide, width, p.palette.Edge, strength)
	}
	if v.Zoom >= minArrow {
		for _, e := range d.backs {
			r := &d.Layout.Routes[e]
			p.arrow(r.Segments[len(r.Segments)-1].To, v, p.palette.Edge, true)
		}
	}
	if m.Selected < 0 || m.Selected >= len(d.Scene.Nodes) {
		return
	}
	width = max(width*1.7, 1.6)
	for _, edges := range [][]int32{d.in.of(m.Selected), d.out.of(m.Selected)} {
		for _, e := range edges {
			walk(&d.Layout.Routes[e], func(s segment) { p.segment(&s, v, wide, width, p.palette.Accent, 255) })
		}
	}
}

// segment draws one piece of a line.
func (p *Painter) segment(s *segment, v View, area graphlayout.Rect, width float64, c color.RGBA, a uint32) {
	b := s.box()
	if b.Min.X > area.Max.X || b.Max.X < area.Min.X || b.Min.Y > area.Max.Y || b.Max.Y < area.Min.Y {
		return
	}
	if float64(b.W()+b.H())*v.Zoom < minEdge {
		return
	}
	x0, y0 := p.snapped(s.p0, v, width)
	x1, y1 := p.snapped(s.p1, v, width)
	if !s.curve {
		p.r.line(x0, y0, x1, y1, width, c, a)
		return
	}
	c1x, c1y := p.snapped(s.c1, v, width)
	c2x, c2y := p.snapped(s.c2, v, width)
	bend := max(math.Hypot(x0-2*c1x+c2x, y0-2*c1y+c2y), math.Hypot(c1x-2*c2x+x1, c1y-2*c2y+y1))
	const tolerance = 0.12
	n := min(max(int(math.Ceil(math.Sqrt(6*bend/(8*tolerance)))), 1), 64)
	px, py := x0, y0
	for i := 1; i <= n; i++ {
		t := float64(i) / float64(n)
		u := 1 - t
		w0, w1, w2, w3 := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		qx := w0*x0 + w1*c1x + w2*c2x + w3*x1
		qy := w0*y0 + w1*c1y + w2*c2y + w3*y1
		p.r.line(px, py, qx, qy, width, c, a)
		px, py = qx, qy
	}
}

// snapped is the pixel position of a point on a line. Across the flow it is moved so that straight lines have sharp sides.
func (p *Painter) snapped(q graphlayout.Point, v View, width float64) (x, y float64) {
	x, y = (float64(q.X)-v.X)*v.Zoom, (float64(q.Y)-v.Y)*v.Zoom
	if p.drawing.Layout.Direction == graphlayout.Horizontal {
		return x, sharp(y, width)
	}
	return sharp(x, width), y
}

// sharp moves the centre of a line so that its lower side is on a whole pixel.
func sharp(x, width float64) float64 {
	return math.Floor(x-width/2+0.5) + width/2
}

// arrow draws the head of a line that ends at q in the direction of the flow, or against it.
func (p *Painter) arrow(q graphlayout.Point, v View, c color.RGBA, against bool) {
	width := min(max(1.25*v.Zoom, 0.8), 2)
	x, y := p.snapped(q, v, width)
	length, half := 7*v.Zoom, 3.6*v.Zoom
	if against {
		length = -length
	}
	t := [3][2]float64{{x, y}, {x - half, y - length}, {x + half, y - length}}
	if p.drawing.Layout.Direction == graphlayout.Horizontal {
		t = [3][2]float64{{x, y}, {x - length, y - half}, {x - length, y + half}}
	}
	p.r.triangle(t, c)
}

func (p *Painter) paintLabels(v View, area graphlayout.Rect) {
	d := p.drawing
	g, err := p.glyphs.at(regular, labelSize*v.Zoom)
	if err != nil {
		return
	}
	for _, i := range p.find.find(&d.labelGrid, area) {
		l := &d.labels[i]
		box := l.box()
		if !overlaps(box, area) {
			continue
		}
		x0, y0, x1, y1 := pixels(box, v)
		p.r.veil(x0, y0, x1, y1, p.palette.Canvas, 214)
		p.text(g, regular, l.text, (float64(l.at.X-l.w/2)-v.X)*v.Zoom, baseline(y0, y1, labelSize*v.Zoom), labelSize*v.Zoom, p.palette.Dim)
	}
}

// pixels is the range of pixels of r.
func pixels(r graphlayout.Rect, v View) (x0, y0, x1, y1 int) {
	f := func(q float32, o float64) int { return nearest((float64(q) - o) * v.Zoom) }
	return f(r.Min.X, v.X), f(r.Min.Y, v.Y), f(r.Max.X, v.X), f(r.Max.Y, v.Y)
}

// baseline is where text of the given size stands to look centred between two lines of pixels.
func baseline(y0, y1 int, size float64) int {
	return nearest(float64(y0+y1)/2 + size*0.36)
}

// text writes s from x on, on the baseline y.
func (p *Painter) text(g *glyphs, face int, s string, x float64, y int, size float64, c color.RGBA) {
	if y < -int(size) || y > p.r.h+int(size) || x > float64(p.r.w) {
		return
	}
	t := &p.drawing.fonts.face[face]
	for _, r := range s {
		at := int(math.Floor(x*subpixels + 0.5))
		whole := at >> 2
		if gl := g.get(r, at&(subpixels-1)); gl.w > 0 {
			p.r.mask(gl, whole+gl.dx, y+gl.dy, c)
		}
		x += float64(t.advance(r)) * size
	}
}
