package split

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

func pane(width float32) *canvas.Rectangle {
	r := canvas.NewRectangle(color.Black)
	r.SetMinSize(fyne.NewSize(width, 10))
	return r
}

func TestDrag(t *testing.T) {
	test.NewTempApp(t)
	l, r := pane(50), pane(100)
	s := New(l, r, 0.5)
	w := test.NewTempWindow(t, s)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(400+grip, 100))
	at := func(want float32) {
		t.Helper()
		if got := l.Size().Width; got < want-1 || got > want+1 || l.Size().Width+r.Size().Width != 400 {
			t.Errorf("left %v, right %v, want left %v of 400", got, r.Size().Width, want)
		}
	}
	at(200)
	drag := func(dx float32) {
		e := &fyne.DragEvent{Dragged: fyne.NewDelta(dx, 0)}
		e.Position = fyne.NewPos(3+dx, 10)
		s.line.Dragged(e)
		s.line.DragEnd()
	}
	drag(60)
	at(260)
	drag(-400) // no further than the left pane allows
	at(50)
	drag(30) // and from there on at once
	at(80)
	drag(900)
	at(300)
}
