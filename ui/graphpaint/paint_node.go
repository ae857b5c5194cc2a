package graphpaint

import (
	"image/color"

	"slipway/ui/graphlayout"
)

func (p *Painter) paintNodes(v View, area graphlayout.Rect, m Marks) {
	d := p.drawing
	margin := float32(8 / v.Zoom)
	wide := graphlayout.Rect{
		Min: graphlayout.Point{X: area.Min.X - margin, Y: area.Min.Y - margin},
		Max: graphlayout.Point{X: area.Max.X + margin, Y: area.Max.Y + margin},
	}
	var faces nodeFaces
	if v.Zoom*titleSize >= minText {
		faces.title = p.face(bold, titleSize*v.Zoom)
	}
	if v.Zoom*rowSize >= minText {
		faces.row, faces.rowName = p.face(regular, rowSize*v.Zoom), p.face(bold, rowSize*v.Zoom)
	}
	for _, i := range p.find.find(&d.nodeGrid, wide) {
		r := d.NodeRect(int(i))
		if !overlaps(r, wide) {
			continue
		}
		if v.Zoom < minBox {
			p.block(int(i), r, v, m)
			continue
		}
		p.node(int(i), r, v, m, faces)
	}
	for _, i := range m.Found {
		if i >= 0 && i < len(d.Scene.Nodes) && overlaps(d.NodeRect(i), wide) {
			p.frame(d.NodeRect(i), v)
			if v.Zoom >= minBox {
				p.node(i, d.NodeRect(i), v, m, faces)
			}
		}
	}
}

type nodeFaces struct{ title, row, rowName *glyphs }

func (p *Painter) face(face int, px float64) *glyphs {
	g, err := p.glyphs.at(face, px)
	if err != nil {
		return nil
	}
	return g
}

// frame lays a patch in the colour of search results under a node, at least a few pixels wide, so that results are seen
// from far away.
func (p *Painter) frame(r graphlayout.Rect, v View) {
	x0, y0, x1, y1 := pixels(r, v)
	if v.Zoom < minBox {
		w, h := max(5-(x1-x0), 0), max(5-(y1-y0), 0)
		p.r.fill(x0-w/2, y0-h/2, x1+(w+1)/2, y1+(h+1)/2, p.palette.Found)
		return
	}
	e := max(nearest(3.5*v.Zoom), 2)
	p.r.round(x0-e, y0-e, x1+e, y1+e, nearest(corner*v.Zoom)+e, roundAll, p.palette.Found)
}

func (p *Painter) header(i int, m Marks) headerColours {
	if m.Heat != nil {
		if c, ok := m.Heat.colour(i); ok {
			return p.colours(c)
		}
		return p.colours(p.palette.NoHeat)
	}
	return p.shade[min(p.drawing.Scene.Nodes[i].Class, classes-1)]
}

// block is a node seen from afar: one rectangle, never less than a pixel.
func (p *Painter) block(i int, r graphlayout.Rect, v View, m Marks) {
	x0, y0, x1, y1 := pixels(r, v)
	p.r.fill(x0, y0, max(x1, x0+1), max(y1, y0+1), p.header(i, m).fill)
}

// node draws a box with everything that is large enough to be seen.
func (p *Painter) node(i int, r graphlayout.Rect, v View, m Marks, faces nodeFaces) {
	d := p.drawing
	x0, y0, x1, y1 := pixels(r, v)
	radius := nearest(corner * v.Zoom)
	head := p.header(i, m)
	port := d.Scene.Nodes[i].Class == Port
	rows := d.rows[i]
	if d.hasIn[i] && v.Zoom >= minArrow {
		c := p.palette.Edge
		if m.Selected == i {
			c = p.palette.Accent
		}
		tip := graphlayout.Point{X: (r.Min.X + r.Max.X) / 2, Y: r.Min.Y}
		if d.Layout.Direction == graphlayout.Horizontal {
			tip = graphlayout.Point{X: r.Min.X, Y: (r.Min.Y + r.Max.Y) / 2}
		}
		p.arrow(tip, v, c, false)
	}
	switch {
	case port && m.Heat == nil:
		radius = nearest(headerHeight / 2 * v.Zoom)
		if len(rows) > 0 {
			radius = nearest(corner * 2 * v.Zoom)
		}
		p.boxed(x0, y0, x1, y1, radius, roundAll, p.palette.Border, p.palette.Port)
		head.text = p.palette.Text
	case len(rows) == 0:
		p.boxed(x0, y0, x1, y1, radius, roundAll, head.edge, head.fill)
	default:
		p.boxed(x0, y0, x1, y1, radius, roundAll, p.palette.Border, p.palette.Body)
		p.r.round(x0, y0, x1, p.headerEnd(r, v), radius, roundTop, head.fill)
	}
	if faces.title != nil {
		p.title(i, r, v, faces.title, head.text)
	}
	if len(rows) > 0 {
		if faces.row != nil {
			p.rows(i, r, v, faces)
		} else {
			p.greek(i, r, v)
		}
	}
}

// greek shows rows that are too small to be read as bars.
func (p *Painter) greek(i int, r graphlayout.Rect, v View) {
	d := p.drawing
	c := mix(p.palette.Body, p.palette.Dim, 0.3)
	name := d.nameWidth(d.rows[i])
	h := max(nearest(rowSize*0.45*v.Zoom), 1)
	bar := func(from, w float32, y int) {
		x := (float64(r.Min.X+sidePad+from) - v.X) * v.Zoom
		p.r.fill(nearest(x), y, nearest(x+float64(w)*v.Zoom), y+h, c)
	}
	for k, row := range d.rows[i] {
		y := nearest((float64(r.Min.Y) + headerHeight + rowsPad + (float64(k)+0.5)*rowHeight - v.Y) * v.Zoom)
		bar(0, name-nameGap, y-h/2)
		bar(name, d.fonts.face[regular].width(row.Value, rowSize), y-h/2)
	}
}

func (p *Painter) headerEnd(r graphlayout.Rect, v View) int {
	return nearest((float64(r.Min.Y) + headerHeight - v.Y) * v.Zoom)
}

// boxed fills a box that has a border of one pixel.
func (p *Painter) boxed(x0, y0, x1, y1, radius, which int, border, fill color.RGBA) {
	p.r.round(x0, y0, x1, y1, radius, which, border)
	if x1-x0 > 2 && y1-y0 > 2 {
		p.r.round(x0+1, y0+1, x1-1, y1-1, max(radius-1, 0), which, fill)
	}
}

func (p *Painter) title(i int, r graphlayout.Rect, v View, g *glyphs, c color.RGBA) {
	d := p.drawing
	w := d.fonts.face[bold].width(d.title[i], titleSize)
	left := r.Min.X + sidePad
	if len(d.rows[i]) == 0 {
		left = (r.Min.X + r.Max.X - w) / 2
	}
	y0 := nearest((float64(r.Min.Y) - v.Y) * v.Zoom)
	p.text(g, bold, d.title[i], (float64(left)-v.X)*v.Zoom, baseline(y0, p.headerEnd(r, v), titleSize*v.Zoom), titleSize*v.Zoom, c)
}

func (p *Painter) rows(i int, r graphlayout.Rect, v View, faces nodeFaces) {
	d := p.drawing
	value := r.Min.X + sidePad + d.nameWidth(d.rows[i])
	size := rowSize * v.Zoom
	for k, row := range d.rows[i] {
		top := float64(r.Min.Y) + headerHeight + rowsPad + float64(k)*rowHeight - v.Y
		y := baseline(nearest(top*v.Zoom), nearest((top+rowHeight)*v.Zoom), size)
		p.text(faces.rowName, bold, row.Name, (float64(r.Min.X+sidePad)-v.X)*v.Zoom, y, size, p.palette.Dim)
		p.text(faces.row, regular, row.Value, (float64(value)-v.X)*v.Zoom, y, size, p.palette.Text)
	}
}
