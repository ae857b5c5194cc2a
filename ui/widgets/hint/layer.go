package hint

import (
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"

	"slipway/ui/theme"
)

// delay is how long the pointer rests on something before it is explained.
const delay = 450 * time.Millisecond

// Layer is where a window's hints are drawn: put it over the window's content.
// It takes no clicks.
type Layer struct {
	Content *fyne.Container
	bg      *canvas.Rectangle
	text    *canvas.Text
	box     *fyne.Container
	over    fyne.CanvasObject // what is explained or about to be
	serial  int
}

var (
	mu     sync.Mutex
	layers = map[fyne.Canvas]*Layer{}
)

// NewLayer makes the layer of a window. UI goroutine.
func NewLayer(c fyne.Canvas) *Layer {
	l := &Layer{bg: canvas.NewRectangle(nil), text: canvas.NewText("", nil)}
	l.bg.CornerRadius, l.bg.StrokeWidth, l.text.TextSize = 4, 1, 12
	l.box = container.NewStack(l.bg, container.New(layout.NewCustomPaddedLayout(4, 4, 8, 8), l.text))
	l.box.Hide()
	l.Content = container.NewWithoutLayout(l.box)
	mu.Lock()
	layers[c] = l
	mu.Unlock()
	return l
}

func layerOf(o fyne.CanvasObject) *Layer {
	app := fyne.CurrentApp()
	if app == nil {
		return nil
	}
	c := app.Driver().CanvasForObject(o)
	mu.Lock()
	defer mu.Unlock()
	return layers[c]
}

// Enter begins to explain o, which the pointer has come to; "" says nothing. UI
// goroutine.
func Enter(o fyne.CanvasObject, text string) {
	l := layerOf(o)
	if l == nil {
		return
	}
	l.serial++
	l.over = o
	l.box.Hide()
	if text == "" {
		return
	}
	mine := l.serial
	time.AfterFunc(delay, func() {
		fyne.Do(func() {
			if l.serial == mine && o.Visible() {
				l.show(o, text)
			}
		})
	})
}

// Leave ends what Enter began: the pointer is elsewhere, or o was pressed. UI
// goroutine.
func Leave(o fyne.CanvasObject) {
	if l := layerOf(o); l != nil && l.over == o {
		l.serial++
		l.over = nil
		l.box.Hide()
	}
}

func (l *Layer) show(o fyne.CanvasObject, text string) {
	l.text.Text, l.text.Color = text, theme.Current(base.ColorNameForeground)
	l.bg.FillColor, l.bg.StrokeColor = theme.Current(base.ColorNameMenuBackground), theme.Current(theme.ColorBorder)
	d := fyne.CurrentApp().Driver()
	at, room, s := d.AbsolutePositionForObject(o).Subtract(d.AbsolutePositionForObject(l.Content)), l.Content.Size(), l.box.MinSize()
	l.box.Resize(s)
	l.box.Move(place(at, o.Size(), s, room))
	l.box.Show()
	l.Content.Refresh() // the box itself has not been on any canvas yet
}

// place is where a hint of size s stands: under what it explains, or above it
// where there is no room, and inside the window.
func place(at fyne.Position, of, s, room fyne.Size) fyne.Position {
	const gap = 4
	x := min(max(at.X+of.Width/2-s.Width/2, gap), max(room.Width-s.Width-gap, gap))
	y := at.Y + of.Height + gap
	if y+s.Height > room.Height {
		y = at.Y - s.Height - gap
	}
	return fyne.NewPos(x, y)
}
