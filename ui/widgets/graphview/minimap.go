package graphview

import (
	"math"

	"fyne.io/fyne/v2"

	"slipway/ui/graphpaint"
)

// minimap is the small picture of the whole in the lower right corner.
type minimap struct {
	*graphpaint.Minimap
	scale float64 // pixels to a Fyne unit
	stale bool
	busy  bool
}

const (
	mapWidth, mapHeight = 150, 190 // Fyne units, at most
	mapGap              = 12
)

// paintMinimap paints it in a goroutine where it is missing or out of date.
func (g *Graph) paintMinimap() {
	if g.painter == nil || g.partial || g.mini.busy || (g.mini.Minimap != nil && !g.mini.stale) {
		return
	}
	scale := g.pixelScale()
	painter, marks := g.painter, g.Marks()
	g.mini.busy, g.mini.stale = true, false
	g.start(func() {
		m := painter.Minimap(int(mapWidth*scale), int(mapHeight*scale), marks)
		g.do(func() {
			g.mini.busy = false
			if painter != g.painter || g.mini.stale {
				g.paintMinimap()
				return
			}
			g.mini.Minimap, g.mini.scale = m, scale
			g.parts.minimap.Image = m.Image
			g.parts.minimap.Refresh()
			g.placeMinimap()
		})
	})
}

// placeMinimap shows it in its corner while a part of the drawing is out of sight.
func (g *Graph) placeMinimap() {
	s := g.Size()
	if g.mini.Minimap == nil || g.painter == nil || g.partial || s.Width < 3*mapWidth || s.Height < 1.5*mapHeight {
		g.show(g.parts.minimap, false)
		g.show(g.parts.window, false)
		return
	}
	b := g.mini.Image.Bounds()
	w, h := float32(float64(b.Dx())/g.mini.scale), float32(float64(b.Dy())/g.mini.scale)
	place(g.parts.minimap, s.Width-w-mapGap, s.Height-h-mapGap, w, h)
	g.placeWindow()
}

// placeWindow marks the visible part on the minimap.
func (g *Graph) placeWindow() {
	s := g.Size()
	if g.mini.Minimap == nil || g.painter == nil || g.partial || s.Width < 3*mapWidth || s.Height < 1.5*mapHeight {
		return
	}
	v, b := g.visible(), g.painter.Drawing().Bounds()
	all := v.Min.X <= 0 && v.Min.Y <= 0 && v.Max.X >= b.Max.X && v.Max.Y >= b.Max.Y
	g.show(g.parts.minimap, !all)
	g.show(g.parts.window, !all)
	if all {
		return
	}
	m := g.mini
	x0, y0 := m.Point(v.Min)
	x1, y1 := m.Point(v.Max)
	img := m.Image.Bounds()
	x0, y0 = max(x0, 1), max(y0, 1)
	x1, y1 = min(x1, float64(img.Dx()-1)), min(y1, float64(img.Dy()-1))
	// Never so thin that it cannot be seen.
	const least = 6
	if x1-x0 < least {
		x0, x1 = (x0+x1-least)/2, (x0+x1+least)/2
	}
	if y1-y0 < least {
		y0, y1 = (y0+y1-least)/2, (y0+y1+least)/2
	}
	at := g.parts.minimap.Position()
	f := func(v float64) float32 { return float32(math.Round(v) / m.scale) }
	place(g.parts.window, at.X+f(x0), at.Y+f(y0), f(x1)-f(x0), f(y1)-f(y0))
}

// onMinimap says whether pos lies on the visible minimap.
func (g *Graph) onMinimap(pos fyne.Position) bool {
	o := g.parts.minimap
	if !o.Visible() {
		return false
	}
	d := pos.Subtract(o.Position())
	return d.X >= 0 && d.Y >= 0 && d.X < o.Size().Width && d.Y < o.Size().Height
}

// jump brings the place under pos on the minimap into the middle of the view.
func (g *Graph) jump(pos fyne.Position) {
	d := pos.Subtract(g.parts.minimap.Position())
	q := g.mini.Place(float64(d.X)*g.mini.scale, float64(d.Y)*g.mini.scale)
	s := g.Size()
	g.home = false
	g.look(camera{
		x: float64(q.X) - float64(s.Width)/2/g.cam.zoom, y: float64(q.Y) - float64(s.Height)/2/g.cam.zoom, zoom: g.cam.zoom,
	})
}

// paintLegend draws the scale of the overlay.
func (g *Graph) paintLegend() {
	g.parts.legend.Image = nil
	if g.heat == nil || g.painter == nil || g.partial {
		return
	}
	scale := g.pixelScale()
	img := g.painter.Legend(g.heat, scale)
	g.parts.legend.Image = img
	g.parts.legend.Resize(fyne.NewSize(float32(float64(img.Bounds().Dx())/scale), float32(float64(img.Bounds().Dy())/scale)))
	g.parts.legend.Refresh()
}

// placeLegend puts it into the lower left corner.
func (g *Graph) placeLegend() {
	o := g.parts.legend
	g.show(o, o.Image != nil)
	if o.Image != nil {
		place(o, mapGap, g.Size().Height-o.Size().Height-mapGap, o.Size().Width, o.Size().Height)
	}
}
