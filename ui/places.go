package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/widgets/field"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/split"
)

// Place is something in the window that can be pressed: what it says and where
// it is, in pixels from the window's upper left corner.
type Place struct {
	Kind       string // "button", "check", "radio", "panel"
	Text       string
	X, Y, W, H int
	Disabled   bool
}

// Placer is a widget with others inside that can be pressed.
type Placer interface{ Places() []fyne.CanvasObject }

// Places lists what can be pressed and is visible now, dialogs included. It is
// for tests that drive the window from outside. UI goroutine only.
func (u *UI) Places() []Place {
	w := placeWalk{canvas: u.win.Canvas(), driver: u.o.App.Driver()}
	if top := w.canvas.Overlays().Top(); top != nil {
		w.walk(top)
		return w.out
	}
	w.walk(w.canvas.Content())
	return w.out
}

type placeWalk struct {
	canvas fyne.Canvas
	driver fyne.Driver
	out    []Place
}

func (w *placeWalk) add(kind, text string, o fyne.CanvasObject, disabled bool) {
	if w.driver.CanvasForObject(o) == nil {
		return // not drawn yet: nobody can tell where it will be
	}
	p, s, k := w.driver.AbsolutePositionForObject(o), o.Size(), w.canvas.Scale()
	w.out = append(w.out, Place{kind, text, int(p.X * k), int(p.Y * k), int(s.Width * k), int(s.Height * k), disabled})
}

func (w *placeWalk) walk(o fyne.CanvasObject) {
	if o == nil || !o.Visible() {
		return
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			w.walk(c)
		}
	case *container.Scroll:
		w.walk(o.Content)
	case *split.Split:
		w.walk(o.Left)
		w.walk(o.Right)
	case *widget.PopUp:
		w.walk(o.Content)
	case *widget.Button:
		w.add("button", o.Text, o, o.Disabled())
	case *hint.Button:
		text := o.Text
		if text == "" {
			text = o.Hint()
		}
		w.add("button", text, o, o.Disabled())
	case Placer:
		for _, c := range o.Places() {
			w.walk(c)
		}
	case *field.Check:
		n := len(w.out)
		w.add("check", o.Text, o, o.Disabled())
		if len(w.out) == n {
			return
		}
		// A check answers on its box and its text alone, however wide it is.
		last := &w.out[n]
		last.W = min(last.W, int(o.MinSize().Width*w.canvas.Scale()))
	case *widget.RadioGroup:
		if !o.Horizontal {
			return // none of the window's
		}
		each := o.MinSize().Width / float32(max(len(o.Options), 1))
		for i, text := range o.Options {
			n := len(w.out)
			w.add("radio", text, o, o.Disabled())
			if len(w.out) > n {
				w.out[n].X += int(float32(i) * each * w.canvas.Scale())
				w.out[n].W = int(each * w.canvas.Scale())
			}
		}
	case *railButton:
		w.add("panel", o.title, o, false)
	}
}
