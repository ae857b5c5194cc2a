package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/theme"
	"slipway/ui/widgets/field"
	"slipway/ui/widgets/hint"
)

// railButton is an icon over its name; the one of the panel in front is marked.
type railButton struct {
	widget.BaseWidget
	title    string
	hint     string
	icon     fyne.Resource
	tapped   func()
	selected bool
	hovered  bool
	focused  bool
}

var (
	_ desktop.Hoverable = (*railButton)(nil)
	_ fyne.Tappable     = (*railButton)(nil)
	_ fyne.Focusable    = (*railButton)(nil)
)

func newRailButton(title string, icon fyne.Resource, hint string, tapped func()) *railButton {
	b := &railButton{title: title, icon: icon, hint: hint, tapped: tapped}
	b.ExtendBaseWidget(b)
	return b
}

func (b *railButton) setSelected(on bool) {
	if b.selected != on {
		b.selected = on
		b.Refresh()
	}
}

func (b *railButton) MouseIn(*desktop.MouseEvent) {
	b.hovered = true
	b.Refresh()
	hint.Enter(b, b.hint)
}
func (b *railButton) MouseMoved(*desktop.MouseEvent) {}
func (b *railButton) MouseOut()                      { b.hovered = false; b.Refresh(); hint.Leave(b) }
func (b *railButton) FocusGained()                   { b.focused = true; b.Refresh() }
func (b *railButton) FocusLost()                     { b.focused = false; b.Refresh() }
func (b *railButton) TypedRune(rune)                 {}

// Tapped implements fyne.Tappable. The keyboard, which the press has given to the
// button, is left to the panel that comes to front.
func (b *railButton) Tapped(*fyne.PointEvent) {
	hint.Leave(b)
	if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil && c.Focused() == fyne.Focusable(b) {
		c.Unfocus()
	}
	b.tapped()
}

// TypedKey implements fyne.Focusable.
func (b *railButton) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		b.tapped()
	default:
		field.Passed(b, e)
	}
}

func (b *railButton) CreateRenderer() fyne.WidgetRenderer {
	bg := canvas.NewRectangle(color.Transparent)
	bg.CornerRadius = 8
	icon := canvas.NewImageFromResource(base.NewThemedResource(b.icon))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSize(24, 24))
	label := canvas.NewText(b.title, color.Black)
	label.Alignment = fyne.TextAlignCenter
	label.TextSize = 11
	box := container.NewVBox(icon, label)
	r := &railRenderer{b: b, bg: bg, icon: icon, label: label, box: box}
	r.Refresh()
	return r
}

type railRenderer struct {
	b     *railButton
	bg    *canvas.Rectangle
	icon  *canvas.Image
	label *canvas.Text
	box   *fyne.Container
}

func (r *railRenderer) Layout(s fyne.Size) {
	r.bg.Resize(s)
	r.box.Resize(fyne.NewSize(s.Width, r.box.MinSize().Height))
	r.box.Move(fyne.NewPos(0, (s.Height-r.box.MinSize().Height)/2))
}
func (r *railRenderer) MinSize() fyne.Size { return fyne.NewSize(72, 58) }
func (r *railRenderer) Refresh() {
	text := theme.Current(theme.ColorMuted)
	r.bg.FillColor = color.Transparent
	r.bg.StrokeWidth = 0
	if r.b.focused {
		r.bg.StrokeWidth, r.bg.StrokeColor = 2, theme.Current(base.ColorNamePrimary)
	}
	r.icon.Resource = base.NewThemedResource(r.b.icon)
	switch {
	case r.b.selected:
		r.bg.FillColor = theme.Current(theme.ColorCard)
		text = theme.Current(base.ColorNamePrimary)
		r.icon.Resource = base.NewPrimaryThemedResource(r.b.icon)
	case r.b.hovered:
		r.bg.FillColor = theme.Current(base.ColorNameHover)
	}
	r.label.Color = text
	r.label.TextStyle.Bold = r.b.selected
	r.bg.Refresh()
	r.icon.Refresh()
	r.label.Refresh()
}
func (r *railRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.bg, r.box} }
func (r *railRenderer) Destroy()                     {}
