package compare

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"reflect"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/golang/freetype/truetype"

	"slipway/profiler/charts"
	"slipway/ui/theme"
	"slipway/ui/widgets/hint"
)

// chartView shows a drawing at its own size, sharp on every screen, with a
// tooltip under the pointer and a button to save it.
type chartView struct {
	widget.BaseWidget
	p       *Panel
	name    string
	drawing charts.Drawing
	height  float32
	image   *canvas.Image
	hits    []charts.Hit
	scale   float32
	want    wanted
	version int // of drawing
	save    *hint.Button
	tip     *tooltip
}

var _ desktop.Hoverable = (*chartView)(nil)

func newChartView(p *Panel) *chartView {
	c := &chartView{p: p, image: &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}, tip: newTooltip()}
	c.save = hint.NewIcon(base.DocumentSaveIcon(), "Save this chart…", func() {
		d := c.drawing
		c.p.save(c.name+".svg", []string{"svg", "png"}, func(w io.Writer, ext string) error {
			s := charts.Style{Width: 900, Height: int(max(c.height, 240)), Scale: 1}
			var err error
			if ext == ".png" {
				s.Width, s.Height, s.Scale = s.Width*2, s.Height*2, 2
				_, err = charts.PNG(w, d, s)
			} else {
				_, err = charts.SVG(w, d, s)
			}
			return err
		})
	})
	c.ExtendBaseWidget(c)
	return c
}

func (c *chartView) set(name string, d charts.Drawing, height int) {
	if c.name == name && c.height == float32(height) && reflect.DeepEqual(c.drawing, d) {
		return
	}
	c.name, c.drawing, c.height = name, d, float32(height)
	c.save.SetHint("Save the chart " + name + " as SVG or PNG…")
	reason := ""
	if blank(d) {
		reason = "nothing is drawn yet"
	}
	c.save.Because(reason)
	c.version++
	c.Refresh()
}

// Places lists what can be pressed.
func (c *chartView) Places() []fyne.CanvasObject { return []fyne.CanvasObject{c.save} }

// blank reports whether a chart has nothing to show.
func blank(d charts.Drawing) bool {
	switch d := d.(type) {
	case charts.Bars:
		return len(d.Bars) == 0
	case charts.Scatter:
		return len(d.Points) == 0
	}
	return false
}

// wanted is what a picture is drawn for; a picture of anything else is stale.
type wanted struct {
	version int
	width   int // pixels
	height  int
	dark    bool
}

// render draws the picture for the present size and screen, in the background;
// until it is there the former one stays.
func (c *chartView) render(size fyne.Size) {
	if c.drawing == nil || size.Width < 50 || !c.p.front() {
		return // drawn when the panel comes to front
	}
	scale := float32(1)
	if cv := fyne.CurrentApp().Driver().CanvasForObject(c); cv != nil {
		scale = cv.Scale()
	}
	want := wanted{c.version, int(size.Width * scale), int(size.Height * scale), theme.Dark()}
	if want == c.want {
		return
	}
	c.want = want
	drawing := c.drawing
	c.p.start(func() {
		var b bytes.Buffer
		hits, err := charts.PNG(&b, drawing, charts.Style{Width: want.width, Height: want.height, Scale: float64(scale), Dark: want.dark, Font: windowFont()})
		var img image.Image
		if err == nil {
			img, err = png.Decode(&b)
		}
		fyne.Do(func() {
			switch {
			case c.want != want:
			case err != nil:
				fyne.LogError("chart", err)
			default:
				c.hits, c.scale = hits, scale
				c.image.Image = img
				c.image.Refresh()
			}
		})
	})
}

// windowFont is the font of the window's texts, nil where the charts' library
// cannot read it.
var windowFont = sync.OnceValue(func() *truetype.Font {
	f, err := truetype.Parse(base.DefaultTextFont().Content())
	if err != nil {
		fyne.LogError("chart", err)
		return nil
	}
	return f
})

// MouseIn and MouseMoved show the numbers of the mark under the pointer.
func (c *chartView) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *chartView) MouseMoved(e *desktop.MouseEvent) {
	x, y := int((e.Position.X-4)*c.scale), int((e.Position.Y-4)*c.scale)
	for _, h := range c.hits {
		if h.X0 <= x && x <= h.X1 && h.Y0 <= y && y <= h.Y1 {
			c.tip.show(h.Text, e.Position, c.Size())
			return
		}
	}
	c.tip.box.Hide()
}

// MouseOut implements desktop.Hoverable.
func (c *chartView) MouseOut() { c.tip.box.Hide() }

// tooltip is a line of text on a card that follows the pointer.
type tooltip struct {
	box  *fyne.Container
	bg   *canvas.Rectangle
	text *canvas.Text
}

func newTooltip() *tooltip {
	t := &tooltip{bg: canvas.NewRectangle(nil), text: canvas.NewText("", nil)}
	t.bg.CornerRadius, t.bg.StrokeWidth, t.text.TextSize = 4, 1, 11
	t.box = container.NewStack(t.bg, container.New(layout.NewCustomPaddedLayout(4, 4, 8, 8), t.text))
	t.box.Hide()
	return t
}

func (t *tooltip) show(text string, at fyne.Position, within fyne.Size) {
	t.text.Text, t.text.Color = text, theme.Current(base.ColorNameForeground)
	t.bg.FillColor, t.bg.StrokeColor = theme.Current(base.ColorNameMenuBackground), theme.Current(theme.ColorBorder)
	s := t.box.MinSize()
	t.box.Resize(s)
	t.box.Move(fyne.NewPos(max(2, min(at.X+12, within.Width-s.Width-2)), max(2, at.Y-s.Height-6)))
	t.box.Show()
	t.box.Refresh()
}

func (c *chartView) CreateRenderer() fyne.WidgetRenderer {
	bg := canvas.NewRectangle(theme.Current(theme.ColorCard))
	bg.CornerRadius, bg.StrokeWidth = 6, 1
	return &chartRenderer{c: c, bg: bg}
}

type chartRenderer struct {
	c  *chartView
	bg *canvas.Rectangle
}

func (r *chartRenderer) Layout(s fyne.Size) {
	r.bg.Resize(s)
	r.c.image.Move(fyne.NewPos(4, 4))
	inner := fyne.NewSize(s.Width-8, s.Height-8)
	r.c.image.Resize(inner)
	b := r.c.save.MinSize()
	r.c.save.Resize(b)
	r.c.save.Move(fyne.NewPos(s.Width-b.Width-4, 4))
	r.c.render(inner)
}

func (r *chartRenderer) MinSize() fyne.Size { return fyne.NewSize(320, r.c.height+8) }

func (r *chartRenderer) Refresh() {
	r.bg.FillColor, r.bg.StrokeColor = theme.Current(theme.ColorCard), theme.Current(theme.ColorBorder)
	r.bg.Refresh()
	r.Layout(r.c.Size())
}

func (r *chartRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.bg, r.c.image, r.c.save, r.c.tip.box}
}
func (r *chartRenderer) Destroy() {}
