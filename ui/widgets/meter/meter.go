package meter

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/theme"
)

// Meter is the line. Use it on the UI goroutine only.
type Meter struct {
	widget.BaseWidget
	value float64
}

// New makes a meter at 0.
func New() *Meter {
	m := &Meter{}
	m.ExtendBaseWidget(m)
	return m
}

// Set shows the share done, 0 to 1.
func (m *Meter) Set(share float64) {
	if share = min(max(share, 0), 1); share != m.value {
		m.value = share
		m.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (m *Meter) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{m: m, track: canvas.NewRectangle(nil), bar: canvas.NewRectangle(nil)}
	r.track.CornerRadius, r.bar.CornerRadius = 3, 3
	r.Refresh()
	return r
}

type renderer struct {
	m          *Meter
	track, bar *canvas.Rectangle
}

func (r *renderer) Layout(s fyne.Size) {
	r.track.Resize(s)
	r.bar.Resize(fyne.NewSize(s.Width*float32(r.m.value), s.Height))
}

func (r *renderer) MinSize() fyne.Size { return fyne.NewSize(40, 6) }

func (r *renderer) Refresh() {
	r.track.FillColor, r.bar.FillColor = theme.Current(theme.ColorBorder), theme.Current(base.ColorNamePrimary)
	r.Layout(r.m.Size())
	r.track.Refresh()
	r.bar.Refresh()
}

func (r *renderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.track, r.bar} }
func (r *renderer) Destroy()                     {}
