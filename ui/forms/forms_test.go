package forms

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/widgets/field"
)

type settings struct {
	Method string  `key:"method" title:"Method" choices:"none|magnitude"`
	Ratio  float64 `key:"ratio" title:"Ratio" min:"0" max:"0.9" step:"0.1" when:"method=magnitude"`
	Count  int     `key:"count" min:"1" max:"9"`
	Fast   bool    `key:"fast"`
}

// find returns the first widget of a type inside an object.
func find[T fyne.CanvasObject](o fyne.CanvasObject) (out T) {
	var walk func(fyne.CanvasObject) bool
	walk = func(o fyne.CanvasObject) bool {
		if w, ok := o.(T); ok {
			out = w
			return true
		}
		if c, ok := o.(*fyne.Container); ok {
			for _, k := range c.Objects {
				if walk(k) {
					return true
				}
			}
		}
		return false
	}
	walk(o)
	return out
}

func TestFormWritesThroughAndHidesWhatDoesNotApply(t *testing.T) {
	test.NewApp()
	s := settings{Method: "none", Count: 3}
	f := New(&s, nil, nil)
	changed := 0
	f.OnChange = func() { changed++ }
	if f.rows[1].box.Visible() {
		t.Error("the ratio shows while nothing is pruned")
	}
	find[*widget.RadioGroup](f.rows[0].box).SetSelected("magnitude")
	if s.Method != "magnitude" || !f.rows[1].box.Visible() || changed != 1 {
		t.Errorf("%+v, visible %v, %d changes", s, f.rows[1].box.Visible(), changed)
	}
	sl := find[*field.Slider](f.rows[1].box)
	sl.SetValue(0.3)
	sl.OnChangeEnded(0.3)
	if s.Ratio != 0.3 {
		t.Errorf("ratio %v", s.Ratio)
	}
	e := find[*field.Entry](f.rows[2].box)
	e.SetText("12")
	if s.Count != 3 || f.rows[2].note.Importance != widget.DangerImportance {
		t.Errorf("12 was taken for a maximum of 9: %+v", s)
	}
	e.SetText("7")
	if s.Count != 7 || f.rows[2].note.Importance == widget.DangerImportance {
		t.Errorf("%+v", s)
	}
	s.Fast = true
	n := changed
	f.Refresh()
	if !find[*field.Check](f.rows[3].box).Checked || changed != n {
		t.Error("refresh must show the value and not count as a change")
	}
}

func TestFormFoldsAwayWhatFewNeed(t *testing.T) {
	test.NewApp()
	s := struct {
		Plain string `key:"plain"`
		Rare  string `key:"rare" more:"true"`
	}{}
	f := New(&s, nil, nil)
	if !f.rows[0].box.Visible() || f.more.Visible() {
		t.Error("the rare setting is not folded away")
	}
	test.Tap(f.fold)
	if !f.more.Visible() {
		t.Error("the rare setting cannot be unfolded")
	}
	if g := New(&struct {
		Plain string `key:"plain"`
	}{}, nil, nil); len(g.Content.Objects) != 1 {
		t.Error("a form without rare settings has a button for them")
	}
}
