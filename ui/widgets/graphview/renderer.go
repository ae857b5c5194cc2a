package graphview

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

type renderer struct{ g *Graph }

// CreateRenderer is called by Fyne.
func (g *Graph) CreateRenderer() fyne.WidgetRenderer { return &renderer{g} }

func (r *renderer) Layout(fyne.Size)             { r.g.resized() }
func (r *renderer) MinSize() fyne.Size           { return fyne.NewSize(160, 120) }
func (r *renderer) Refresh()                     { r.g.placeAll() }
func (r *renderer) Objects() []fyne.CanvasObject { return r.g.parts.objects() }
func (r *renderer) Destroy()                     { r.g.stop() }

func opaque(c color.Color) color.RGBA {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return color.RGBA{n.R, n.G, n.B, 255}
}

func faint(c color.RGBA, a uint8) color.NRGBA { return color.NRGBA{c.R, c.G, c.B, a} }

// recolour gives the objects above the picture the palette's colours.
func (g *Graph) recolour() {
	p, pal := &g.parts, g.palette
	p.outline.StrokeColor, p.outline.FillColor = pal.Accent, color.Transparent
	p.hover.StrokeColor, p.hover.FillColor = faint(pal.Accent, 150), color.Transparent
	p.window.StrokeColor, p.window.FillColor = pal.Accent, faint(pal.Accent, 36)
	for _, b := range []*canvas.Rectangle{p.tipBack, p.statusBack} {
		b.FillColor, b.StrokeColor = pal.Body, pal.Border
	}
	p.tip[0].Color, p.tip[1].Color, p.status.Color = pal.Text, pal.Dim, pal.Text
	for _, t := range []*canvas.Text{p.tip[0], p.tip[1], p.status} {
		t.TextSize = theme.TextSize()
		t.Refresh()
	}
	p.tip[1].TextSize = theme.CaptionTextSize()
}

// placeAll puts every object where the view wants it.
func (g *Graph) placeAll() {
	g.placePicture()
	g.placeOutlines()
	g.placeMinimap()
	g.placeLegend()
	g.placeStatus()
}

// show sets an object's visibility. Fyne learns of an object when it is first visible, so that one that appears cannot ask
// for the window to be drawn: the widget does.
func (g *Graph) show(o fyne.CanvasObject, visible bool) {
	if o.Visible() == visible {
		return
	}
	if !visible {
		o.Hide()
		return
	}
	o.Show()
	if app := fyne.CurrentApp(); app != nil && app.Driver() != nil {
		if c, ok := app.Driver().CanvasForObject(g).(interface{ SetDirty() }); ok {
			c.SetDirty()
		}
	}
}

// place moves and resizes only what is not there yet, for the same reason.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	if p := fyne.NewPos(x, y); o.Position() != p {
		o.Move(p)
	}
	if s := fyne.NewSize(w, h); o.Size() != s {
		o.Resize(s)
	}
}

// placeOutlines puts the frames around the selected node and the one under the pointer.
func (g *Graph) placeOutlines() {
	sel := -1
	if g.painter != nil && g.selected != "" {
		sel = g.painter.Drawing().Index(g.selected)
	}
	hover := g.hovered
	if hover == sel {
		hover = -1
	}
	g.outline(g.parts.outline, sel, 3.5)
	g.outline(g.parts.hover, hover, 2.5)
}

func (g *Graph) outline(r *canvas.Rectangle, node int, gap float32) {
	if node < 0 || g.painter == nil {
		g.show(r, false)
		return
	}
	pos, size := g.nodeArea(node)
	w := g.Size()
	if pos.X > w.Width+20 || pos.Y > w.Height+20 || pos.X+size.Width < -20 || pos.Y+size.Height < -20 {
		g.show(r, false)
		return
	}
	place(r, pos.X-gap, pos.Y-gap, size.Width+2*gap, size.Height+2*gap)
	g.show(r, true)
}

// placeStatus centres the line that says what the view waits for or lacks.
func (g *Graph) placeStatus() {
	p := &g.parts
	text := p.status.Text
	g.show(p.status, text != "")
	g.show(p.statusBack, text != "")
	if text == "" {
		return
	}
	size, pad := p.status.MinSize(), theme.Padding()*3
	w := g.Size()
	x, y := (w.Width-size.Width)/2, (w.Height-size.Height)/2
	if g.painter != nil {
		y = pad * 1.5 // out of the way of what is already there
	}
	place(p.statusBack, x-pad, y-pad/2, size.Width+2*pad, size.Height+pad)
	place(p.status, x, y, size.Width, size.Height)
}

func (g *Graph) setStatus(text string) {
	g.parts.status.Text = text
	g.parts.status.Refresh()
	g.placeStatus()
}

// showTip says at the pointer what lies under it; an empty title ends that.
func (g *Graph) showTip(title, name string) {
	p := &g.parts
	visible := title != "" || name != ""
	g.show(p.tipBack, visible)
	g.show(p.tip[0], visible)
	g.show(p.tip[1], visible && name != "")
	if !visible {
		return
	}
	p.tip[0].Text, p.tip[1].Text = title, name
	p.tip[0].Refresh()
	p.tip[1].Refresh()
	a, b := p.tip[0].MinSize(), p.tip[1].MinSize()
	if name == "" {
		b = fyne.Size{}
	}
	const padX, padY = 9, 6
	w, h := max(a.Width, b.Width)+2*padX, a.Height+b.Height+2*padY
	x, y := g.pointer.X+14, g.pointer.Y+18
	if x+w > g.Size().Width-4 {
		x = max(g.Size().Width-4-w, 4)
	}
	if y+h > g.Size().Height-4 {
		y = max(g.pointer.Y-10-h, 4)
	}
	place(p.tipBack, x, y, w, h)
	place(p.tip[0], x+padX, y+padY, a.Width, a.Height)
	place(p.tip[1], x+padX, y+padY+a.Height, b.Width, b.Height)
}
