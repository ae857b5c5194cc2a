package field

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// TestWindowKeys: the keys of the window arrive there, all others at the field.
func TestWindowKeys(t *testing.T) {
	test.NewTempApp(t)
	entry, check, slider, choice := NewEntry(), NewCheck("", nil), NewSlider(0, 10), NewSelect([]string{"a", "b"}, nil)
	w := test.NewTempWindow(t, container.NewVBox(entry, check, slider, choice))
	var heard []fyne.KeyName
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { heard = append(heard, e.Name) })
	for _, f := range []fyne.Focusable{entry, check, slider, choice} {
		w.Canvas().Focus(f)
		heard = nil
		for _, k := range []fyne.KeyName{fyne.KeyF5, fyne.KeyF11, fyne.KeyEscape, fyne.KeyRight} {
			w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: k})
		}
		if len(heard) != 3 {
			t.Errorf("%T: the window heard %v", f, heard)
		}
	}
	if slider.Value != 1 || choice.Selected != "a" {
		t.Errorf("the fields did not hear the arrow: slider at %g, choice %q", slider.Value, choice.Selected)
	}
	entry.SetText("ab")
	w.Canvas().Focus(entry)
	test.Type(entry, "c")
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if entry.Text != "cb" {
		t.Errorf("the entry holds %q", entry.Text)
	}
}
