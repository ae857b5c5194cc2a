package graphpaint

import (
	"image"
	"math"

	"slipway/ui/graphlayout"
)

// Minimap is a picture of a whole drawing. Its scales differ between the axes where the drawing is so long and thin that
// it would otherwise be a line.
type Minimap struct {
	Image *image.RGBA
	// ScaleX and ScaleY are pixels to a layout unit, OffsetX and OffsetY the pixels left free at the left and at the top.
	ScaleX, ScaleY, OffsetX, OffsetY float64
}

// Point is the pixel of the place q.
func (m *Minimap) Point(q graphlayout.Point) (x, y float64) {
	return float64(q.X)*m.ScaleX + m.OffsetX, float64(q.Y)*m.ScaleY + m.OffsetY
}

// Place is the place at the pixel (x, y).
func (m *Minimap) Place(x, y float64) graphlayout.Point {
	return graphlayout.Point{X: float32((x - m.OffsetX) / m.ScaleX), Y: float32((y - m.OffsetY) / m.ScaleY)}
}

// Minimap paints the whole drawing into at most w×h pixels. The shorter side is at least a third of the room it has, so
// that a chain of thousands of layers stays wide enough to be clicked.
func (p *Painter) Minimap(w, h int, m Marks) *Minimap {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.drawing
	b := d.Bounds()
	const pad = 5.0
	bw, bh := max(float64(b.W()), 1), max(float64(b.H()), 1)
	roomX, roomY := float64(w)-2*pad, float64(h)-2*pad
	scale := min(roomX/bw, roomY/bh)
	out := &Minimap{ScaleX: scale, ScaleY: scale, OffsetX: pad, OffsetY: pad}
	out.ScaleX = max(scale, min(roomX/3, bw*0.2)/bw)
	out.ScaleY = max(scale, min(roomY/3, bh*0.2)/bh)
	out.Image = image.NewRGBA(image.Rect(0, 0, min(int(math.Ceil(bw*out.ScaleX+2*pad)), w), min(int(math.Ceil(bh*out.ScaleY+2*pad)), h)))
	p.r.aim(out.Image)
	p.r.fill(0, 0, p.r.w, p.r.h, p.palette.Border)
	p.r.fill(1, 1, p.r.w-1, p.r.h-1, p.palette.Body)
	for i := range d.segs {
		s := &d.segs[i]
		x0, y0 := out.Point(s.p0)
		x1, y1 := out.Point(s.p1)
		if math.Abs(x1-x0)+math.Abs(y1-y0) >= 2 {
			p.r.line(x0, y0, x1, y1, 0.7, p.palette.Edge, 110)
		}
	}
	for i := range d.Scene.Nodes {
		r := d.NodeRect(i)
		x0, y0 := out.Point(r.Min)
		x1, y1 := out.Point(r.Max)
		p.r.fill(int(x0), int(y0), max(int(x1), int(x0)+1), max(int(y1), int(y0)+1), p.header(i, m).fill)
	}
	for _, i := range m.Found {
		if i >= 0 && i < len(d.Scene.Nodes) {
			r := d.NodeRect(i)
			x, y := out.Point(graphlayout.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2})
			p.r.fill(int(x)-1, int(y)-1, int(x)+2, int(y)+2, p.palette.Found)
		}
	}
	return out
}
