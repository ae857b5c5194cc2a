package graphview

import (
	"math"

	"fyne.io/fyne/v2"

	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
)

// camera is what the view looks at: x and y are the place at the widget's upper left corner, zoom is the number of Fyne
// units to a layout unit.
type camera struct{ x, y, zoom float64 }

const (
	maxZoom   = 4.0
	fitMargin = 24.0 // Fyne units
)

// toScreen is the position in the widget of the place q.
func (g *Graph) toScreen(q graphlayout.Point) fyne.Position {
	return fyne.NewPos(float32((float64(q.X)-g.cam.x)*g.cam.zoom), float32((float64(q.Y)-g.cam.y)*g.cam.zoom))
}

// toPlace is the place at a position in the widget.
func (g *Graph) toPlace(p fyne.Position) graphlayout.Point {
	return graphlayout.Point{X: float32(float64(p.X)/g.cam.zoom + g.cam.x), Y: float32(float64(p.Y)/g.cam.zoom + g.cam.y)}
}

// nodeArea is where node i is in the widget.
func (g *Graph) nodeArea(i int) (fyne.Position, fyne.Size) {
	r := g.painter.Drawing().NodeRect(i)
	z := float32(g.cam.zoom)
	return g.toScreen(r.Min), fyne.NewSize(r.W()*z, r.H()*z)
}

// visible is the part of the drawing that the widget shows.
func (g *Graph) visible() graphlayout.Rect {
	return graphlayout.Rect{Min: g.toPlace(fyne.Position{}), Max: g.toPlace(fyne.NewPos(g.Size().Width, g.Size().Height))}
}

// fitZoom is the zoom at which the whole drawing is seen.
func (g *Graph) fitZoom() float64 {
	b, s := g.painter.Drawing().Bounds(), g.Size()
	w, h := max(float64(s.Width)-2*fitMargin, 20), max(float64(s.Height)-2*fitMargin, 20)
	return min(w/max(float64(b.W()), 1), h/max(float64(b.H()), 1))
}

// Zoom is the number of Fyne units to a layout unit; 1 shows text at its natural size.
func (g *Graph) Zoom() float64 { return g.cam.zoom }

// look moves the camera, within bounds: a zoom that makes sense, and never past the drawing.
func (g *Graph) look(c camera) {
	if g.painter == nil || g.Size().Width <= 0 || g.Size().Height <= 0 {
		return
	}
	b, s := g.painter.Drawing().Bounds(), g.Size()
	c.zoom = min(max(c.zoom, min(g.fitZoom()*0.6, 0.25)), maxZoom)
	w, h := float64(s.Width)/c.zoom, float64(s.Height)/c.zoom
	// Every place can come to the middle, and a small drawing to any place where it is seen whole.
	bx, by := float64(b.Max.X), float64(b.Max.Y)
	c.x = min(max(c.x, min(-w/2, bx-w)), max(bx-w/2, 0))
	c.y = min(max(c.y, min(-h/2, by-h)), max(by-h/2, 0))
	if c == g.cam {
		return
	}
	g.cam = c
	g.hideTip()
	g.placePicture()
	g.placeOutlines()
	g.placeWindow()
}

// Fit shows the whole drawing.
func (g *Graph) Fit() {
	if g.painter == nil {
		return
	}
	g.home = false
	z := min(g.fitZoom(), 1.5)
	b, s := g.painter.Drawing().Bounds(), g.Size()
	g.look(camera{x: (float64(b.W()) - float64(s.Width)/z) / 2, y: (float64(b.H()) - float64(s.Height)/z) / 2, zoom: z})
}

// goHome shows the whole drawing where it can be read at that size, and otherwise its beginning.
func (g *Graph) goHome() {
	if g.painter == nil {
		return
	}
	if g.fitZoom() >= 0.5 {
		g.Fit()
		g.home = true
		return
	}
	b, s := g.painter.Drawing().Bounds(), g.Size()
	z := 1.0
	d := g.painter.Drawing()
	// The first layer stands in the middle of the screen, or on its left third, at a readable size.
	first := graphlayout.Point{X: b.W() / 2, Y: b.H() / 2}
	for i, l := range d.Layout.Layer {
		if l == 0 {
			r := d.NodeRect(i)
			first = graphlayout.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}
			break
		}
	}
	c := camera{zoom: z}
	if g.direction == graphlayout.Horizontal {
		z = min(max(float64(s.Height-2*fitMargin)/float64(b.H()), 0.6), 1)
		c = camera{x: -fitMargin / z, y: float64(first.Y) - float64(s.Height)/z/2, zoom: z}
		if float64(b.H())*z < float64(s.Height) {
			c.y = (float64(b.H()) - float64(s.Height)/z) / 2
		}
	} else {
		z = min(max(float64(s.Width-2*fitMargin)/float64(b.W()), 0.6), 1)
		c = camera{x: float64(first.X) - float64(s.Width)/z/2, y: -fitMargin / z, zoom: z}
		if float64(b.W())*z < float64(s.Width) {
			c.x = (float64(b.W()) - float64(s.Width)/z) / 2
		}
	}
	g.look(c)
}

// ZoomBy multiplies the zoom, keeping what is at pos in its place.
func (g *Graph) ZoomBy(factor float64, pos fyne.Position) {
	if g.painter == nil || !(factor > 0) {
		return
	}
	g.home = false
	z := min(max(g.cam.zoom*factor, min(g.fitZoom()*0.6, 0.25)), maxZoom)
	g.look(camera{
		x:    g.cam.x + float64(pos.X)*(1/g.cam.zoom-1/z),
		y:    g.cam.y + float64(pos.Y)*(1/g.cam.zoom-1/z),
		zoom: z,
	})
}

func (g *Graph) middle() fyne.Position { return fyne.NewPos(g.Size().Width/2, g.Size().Height/2) }

// ZoomIn and ZoomOut zoom by a quarter about the middle.
func (g *Graph) ZoomIn() { g.ZoomBy(1.25, g.middle()) }

// ZoomOut is the reverse of ZoomIn.
func (g *Graph) ZoomOut() { g.ZoomBy(1/1.25, g.middle()) }

// ActualSize zooms to 1.
func (g *Graph) ActualSize() { g.ZoomBy(1/g.cam.zoom, g.middle()) }

// Center brings the node with the given ID into the middle, at a zoom at which it can be read. It reports whether the
// node is there.
func (g *Graph) Center(id string) bool {
	if g.painter == nil {
		return false
	}
	i := g.painter.Drawing().Index(id)
	if i < 0 {
		return false
	}
	g.home = false
	r := g.painter.Drawing().NodeRect(i)
	z := g.cam.zoom
	if z < 0.6 {
		z = 1
	}
	s := g.Size()
	g.look(camera{
		x:    float64(r.Min.X+r.Max.X)/2 - float64(s.Width)/z/2,
		y:    float64(r.Min.Y+r.Max.Y)/2 - float64(s.Height)/z/2,
		zoom: z,
	})
	return true
}

// reveal moves the view just so far that node i is in sight.
func (g *Graph) reveal(i int) {
	const margin = 40
	pos, size := g.nodeArea(i)
	s := g.Size()
	shift := func(at, extent, room float32) float64 {
		switch {
		case extent > room-2*margin:
			return float64(at + extent/2 - room/2)
		case at < margin:
			return float64(at - margin)
		case at+extent > room-margin:
			return float64(at + extent - room + margin)
		}
		return 0
	}
	dx, dy := shift(pos.X, size.Width, s.Width), shift(pos.Y, size.Height, s.Height)
	if dx != 0 || dy != 0 {
		g.home = false
		g.look(camera{x: g.cam.x + dx/g.cam.zoom, y: g.cam.y + dy/g.cam.zoom, zoom: g.cam.zoom})
	}
}

// pixelScale is the number of pixels to a Fyne unit.
func (g *Graph) pixelScale() float64 {
	if app := fyne.CurrentApp(); app != nil && app.Driver() != nil {
		if c := app.Driver().CanvasForObject(g); c != nil {
			if s := float64(c.Scale()); s > 0 && !math.IsInf(s, 0) {
				return s
			}
		}
	}
	return 1
}

// paintView is the camera in pixels.
func paintView(c camera, scale float64) graphpaint.View {
	return graphpaint.View{X: c.x, Y: c.y, Zoom: c.zoom * scale}
}
