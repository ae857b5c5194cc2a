package field

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/theme"
)

// Passed gives a key that no field uses to the canvas that o is on, and
// reports whether it was one of those.
func Passed(o fyne.CanvasObject, e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyF5, fyne.KeyF11, fyne.KeyEscape:
	default:
		return false
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
	}
	return true
}

// Entry is a line of text.
type Entry struct{ widget.Entry }

// NewEntry makes an empty one.
func NewEntry() *Entry {
	e := &Entry{}
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	if !Passed(e, k) {
		e.Entry.TypedKey(k)
	}
}

// Check is a box to tick.
type Check struct{ widget.Check }

// NewCheck makes one that is not ticked; changed hears of every change.
func NewCheck(label string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *Check) TypedKey(k *fyne.KeyEvent) {
	if !Passed(c, k) {
		c.Check.TypedKey(k)
	}
}

// Select is a choice among several texts.
type Select struct{ widget.Select }

// NewSelect makes one without a choice; changed hears of every change.
func NewSelect(choices []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged, s.PlaceHolder = choices, changed, "(Select one)"
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(k *fyne.KeyEvent) {
	if !Passed(s, k) {
		s.Select.TypedKey(k)
	}
}

// Slider is a number between two others.
type Slider struct{ widget.Slider }

// NewSlider makes one that stands at from.
func NewSlider(from, to float64) *Slider {
	s := &Slider{}
	s.Min, s.Max, s.Step, s.Orientation = from, to, 1, widget.Horizontal
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *Slider) CreateRenderer() fyne.WidgetRenderer {
	r := &sliderRenderer{WidgetRenderer: s.Slider.CreateRenderer()}
	r.visible()
	return r
}

// sliderRenderer draws the track in a colour that can be told from the window's:
// the toolkit's is that of the inside of fields.
type sliderRenderer struct{ fyne.WidgetRenderer }

func (r *sliderRenderer) Refresh() {
	r.WidgetRenderer.Refresh()
	r.visible()
}

func (r *sliderRenderer) visible() {
	if track, ok := r.Objects()[0].(*canvas.Rectangle); ok {
		track.FillColor = theme.Current(theme.ColorBorder)
		track.Refresh()
	}
}

// TypedKey implements fyne.Focusable.
func (s *Slider) TypedKey(k *fyne.KeyEvent) {
	if !Passed(s, k) {
		s.Slider.TypedKey(k)
	}
}
