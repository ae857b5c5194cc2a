package hint

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	base "fyne.io/fyne/v2/theme"
)

func TestBecause(t *testing.T) {
	test.NewTempApp(t)
	pressed := 0
	b := NewIcon(base.DeleteIcon(), "Delete", func() { pressed++ })
	b.Because("nothing is selected")
	if !b.Disabled() || b.says() != "Delete – nothing is selected" {
		t.Errorf("disabled %t, says %q", b.Disabled(), b.says())
	}
	test.Tap(b)
	if pressed != 0 {
		t.Error("a grey button was pressed")
	}
	b.Because("")
	test.Tap(b)
	if b.Disabled() || pressed != 1 || b.says() != "Delete" {
		t.Errorf("disabled %t, pressed %d, says %q", b.Disabled(), pressed, b.says())
	}
}

func TestLayer(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, nil)
	b := NewIcon(base.DeleteIcon(), "Delete", func() {})
	l := NewLayer(w.Canvas())
	w.SetContent(container.NewStack(container.NewWithoutLayout(b), l.Content))
	w.Resize(fyne.NewSize(300, 200))
	b.Resize(b.MinSize())
	b.MouseIn(nil)
	l.show(b, b.says()) // what the timer does
	if !l.box.Visible() || l.text.Text != "Delete" {
		t.Errorf("visible %t, %q", l.box.Visible(), l.text.Text)
	}
	b.MouseOut()
	if l.box.Visible() {
		t.Error("the hint stays when the pointer leaves")
	}
}

func TestPlace(t *testing.T) {
	room, of, s := fyne.NewSize(400, 300), fyne.NewSize(30, 30), fyne.NewSize(100, 20)
	for _, c := range []struct {
		name     string
		at, want fyne.Position
	}{
		{"under it", fyne.NewPos(200, 100), fyne.NewPos(165, 134)},
		{"at the left edge", fyne.NewPos(0, 100), fyne.NewPos(4, 134)},
		{"at the right edge", fyne.NewPos(370, 100), fyne.NewPos(296, 134)},
		{"at the ground", fyne.NewPos(200, 270), fyne.NewPos(165, 246)},
	} {
		if got := place(c.at, of, s, room); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
