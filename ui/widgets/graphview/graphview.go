package graphview

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
)

// Graph shows one scene. Create it with New.
type Graph struct {
	widget.BaseWidget

	// OnSelect is told the ID of the node that the user selected, or "" where the selection was cleared. Select does not
	// call it.
	OnSelect func(id string)
	// OnActivate is told the ID of the selected node when Return is pressed.
	OnActivate func(id string)
	// OnReady is called when a scene given to SetScene is laid out completely, or cannot be (err is then not nil).
	OnReady func(err error)
	// OnDrawn is called once for each scene, when all of it is laid out and its picture has been on the screen for a frame.
	OnDrawn func()
	// OnKey is told the keys that mean nothing to the view, since a focused widget keeps them from the window.
	OnKey func(*fyne.KeyEvent)
	// WheelScrolls makes the wheel move the view; zooming then takes + and -, or ZoomBy.
	WheelScrolls bool
	// EmptyText is shown in place of a scene without nodes.
	EmptyText string

	fonts     *graphpaint.Fonts
	palette   graphpaint.Palette
	ownColour bool // SetPalette was called
	direction graphlayout.Direction

	scene      graphpaint.Scene
	painter    *graphpaint.Painter
	partial    bool // painter has the first layers only
	generation int
	cancel     context.CancelFunc
	selected   string
	found      []string
	heat       *graphpaint.Heat
	hovered    int // node under the pointer, or -1

	cam     camera
	home    bool // the view has not been moved since the scene came
	pic     picture
	mini    minimap
	drag    dragMode
	parts   parts
	pointer fyne.Position

	// What tests replace: starting a goroutine, coming back to the UI, waiting.
	start func(func())
	do    func(func())
	after func(time.Duration, func()) func() bool
	wait  func() bool // stops the pending tooltip
	frame func(func())

	announce bool // OnDrawn is still to be called for this scene
}

var (
	_ fyne.Widget        = (*Graph)(nil)
	_ fyne.Focusable     = (*Graph)(nil)
	_ fyne.Scrollable    = (*Graph)(nil)
	_ fyne.Draggable     = (*Graph)(nil)
	_ fyne.Tappable      = (*Graph)(nil)
	_ desktop.Hoverable  = (*Graph)(nil)
	_ desktop.Mouseable  = (*Graph)(nil)
	_ desktop.Cursorable = (*Graph)(nil)
)

// themeFonts are those of the application, or the Go fonts where they cannot be read.
var themeFonts = sync.OnceValue(func() *graphpaint.Fonts {
	f, err := graphpaint.NewFonts(theme.DefaultTextFont().Content(), theme.DefaultTextBoldFont().Content())
	if err != nil {
		fyne.LogError("the theme's fonts cannot be used in the graph", err)
		return graphpaint.DefaultFonts()
	}
	return f
})

// New makes an empty view. Its colours follow the theme until SetPalette is called.
func New() *Graph {
	g := &Graph{
		fonts: themeFonts(), palette: ThemePalette(), hovered: -1, home: true,
		start: func(f func()) { go f() },
		do:    fyne.Do,
		after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
		frame: AfterFrame,
	}
	g.cam.zoom = 1
	g.parts.create()
	g.ExtendBaseWidget(g)
	g.recolour()
	return g
}

// RunInline makes g do all its work at once on the goroutine that calls its methods. It is for tests: Fyne's test driver has
// no UI goroutine, so that work coming back from others would race with the test.
func (g *Graph) RunInline() {
	g.start = func(f func()) { f() }
	g.do = func(f func()) { f() }
	g.frame = func(f func()) { f() }
}

// AfterFrame calls f on the UI goroutine when what is on the screen now has been drawn.
func AfterFrame(f func()) {
	ticks := 0
	var a *fyne.Animation
	a = fyne.NewAnimation(10*time.Second, func(float32) {
		// The window is drawn after each tick: at the third, two frames are out.
		if ticks++; ticks == 3 {
			a.Stop()
			f()
		}
	})
	a.Start()
}

// ThemePalette is the palette that goes with the current theme.
func ThemePalette() graphpaint.Palette {
	r, gr, b, _ := theme.Color(theme.ColorNameBackground).RGBA()
	p := graphpaint.Light()
	if 299*r+587*gr+114*b < 500*0xffff {
		p = graphpaint.Dark()
	}
	p.Canvas = opaque(theme.Color(theme.ColorNameBackground))
	// Fyne's OpenGL driver clears the window to this colour made brighter by 257/255: the ground must not differ from it.
	for _, c := range []*uint8{&p.Canvas.R, &p.Canvas.G, &p.Canvas.B} {
		*c = uint8(min((int(*c)*257+127)/255, 255))
	}
	p.Accent = opaque(theme.Color(theme.ColorNamePrimary))
	return p
}

// SetPalette changes the colours.
func (g *Graph) SetPalette(p graphpaint.Palette) {
	g.ownColour = true
	g.usePalette(p)
}

func (g *Graph) usePalette(p graphpaint.Palette) {
	if g.palette == p {
		return
	}
	g.palette = p
	if g.painter != nil {
		g.painter.SetPalette(p)
	}
	g.recolour()
	g.picturesChanged()
}

// SetDirection changes the way data flows and lays the graph out again.
func (g *Graph) SetDirection(d graphlayout.Direction) {
	if g.direction == d {
		return
	}
	g.direction = d
	g.SetScene(g.scene)
}

// Direction is the way data flows.
func (g *Graph) Direction() graphlayout.Direction { return g.direction }

// Painter paints what the view shows, for exports; it is nil while nothing is laid out. It does not know the view's marks:
// give it Marks.
func (g *Graph) Painter() *graphpaint.Painter {
	if g.partial {
		return nil
	}
	return g.painter
}

// Marks are the selection, the search results and the overlay as the view shows them.
func (g *Graph) Marks() graphpaint.Marks {
	m := graphpaint.Marks{Selected: -1}
	if g.painter == nil {
		return m
	}
	d := g.painter.Drawing()
	if g.selected != "" {
		m.Selected = d.Index(g.selected)
	}
	for _, id := range g.found {
		if i := d.Index(id); i >= 0 {
			m.Found = append(m.Found, i)
		}
	}
	if !g.partial {
		m.Heat = g.heat
	}
	return m
}

// SetHeat colours the nodes by a value and shows the legend; nil ends that.
func (g *Graph) SetHeat(h *graphpaint.Heat) {
	g.heat = h
	g.picturesChanged()
}

// SetFound highlights the nodes with the given IDs, in place of those highlighted before.
func (g *Graph) SetFound(ids []string) {
	g.found = append([]string(nil), ids...)
	g.picturesChanged()
}

// Select selects the node with the given ID, or none for "". An ID that the scene lacks clears the selection.
func (g *Graph) Select(id string) {
	if g.selected == id {
		return
	}
	g.selected = id
	g.placeOutlines()
	g.repaint()
}

// Selected is the ID of the selected node, or "".
func (g *Graph) Selected() string { return g.selected }

// choose selects by the user's hand.
func (g *Graph) choose(id string) {
	changed := g.selected != id
	g.Select(id)
	if changed && g.OnSelect != nil {
		g.OnSelect(id)
	}
}

// picturesChanged paints everything anew.
func (g *Graph) picturesChanged() {
	g.mini.stale = true
	g.repaint()
	g.paintMinimap()
	g.paintLegend()
	g.placeAll()
}

// Refresh takes over a changed theme.
func (g *Graph) Refresh() {
	if !g.ownColour {
		g.usePalette(ThemePalette())
	}
	g.placeAll()
	g.BaseWidget.Refresh()
}

// parts are the objects on the screen, from back to front.
type parts struct {
	picture        *canvas.Image
	hover, outline *canvas.Rectangle
	minimap        *canvas.Image
	window         *canvas.Rectangle // the visible part, on the minimap
	legend         *canvas.Image
	tipBack        *canvas.Rectangle
	tip            [2]*canvas.Text
	statusBack     *canvas.Rectangle
	status         *canvas.Text
}

func (p *parts) create() {
	image := func() *canvas.Image {
		i := &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}
		i.Hidden = true
		return i
	}
	box := func(radius float32) *canvas.Rectangle {
		r := canvas.NewRectangle(nil)
		r.CornerRadius = radius
		r.StrokeWidth = 1
		r.Hidden = true
		return r
	}
	p.picture, p.minimap, p.legend = image(), image(), image()
	p.hover, p.outline, p.window, p.tipBack, p.statusBack = box(6), box(7), box(2), box(4), box(4)
	p.outline.StrokeWidth = 2.5
	p.hover.StrokeWidth = 1.5
	p.window.StrokeWidth = 1.5
	for i := range p.tip {
		p.tip[i] = canvas.NewText("", nil)
		p.tip[i].Hidden = true
	}
	p.tip[0].TextStyle.Bold = true
	p.status = canvas.NewText("", nil)
	p.status.Hidden = true
}

func (p *parts) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		p.picture, p.hover, p.outline, p.minimap, p.window, p.legend, p.tipBack, p.tip[0], p.tip[1],
		p.statusBack, p.status,
	}
}
