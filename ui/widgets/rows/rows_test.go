package rows

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/widgets/words"
)

func row(key, text string) Row {
	return Row{key, text, func() fyne.CanvasObject {
		return container.NewBorder(nil, nil, nil, widget.NewButton(key, nil), container.NewVBox(words.Title(key), words.Caption(text)))
	}}
}

// TestRowsStay: a row that shows the same is the same widget, wherever it
// stands now.
func TestRowsStay(t *testing.T) {
	test.NewTempApp(t)
	l := New()
	l.Show([]Row{row("a", "1"), row("b", "1"), row("c", "1")})
	before := l.Content.Objects
	l.Show([]Row{row("new", "1"), row("c", "1"), row("a", "1"), row("b", "2")})
	after := l.Content.Objects
	if len(after) != 4 || after[1] != before[2] || after[2] != before[0] {
		t.Error("rows that show the same were made anew")
	}
	if after[3] == before[1] {
		t.Error("a row shows what it showed before")
	}
}

// TestFreshRowsStandWhereTheyWillBe: the first layout is the one that stays.
func TestFreshRowsStandWhereTheyWillBe(t *testing.T) {
	test.NewTempApp(t)
	l := New()
	w := test.NewTempWindow(t, container.NewVScroll(container.NewPadded(l.Content)))
	w.Resize(fyne.NewSize(360, 600))
	long := strings.Repeat("words that wrap ", 12)
	l.Show([]Row{row("a", long), row("b", long), row("c", "short"), row("d", long)})
	var fresh, settled []float32
	for _, o := range l.Content.Objects {
		fresh = append(fresh, o.Position().Y)
	}
	for range 3 {
		l.Content.Refresh()
	}
	for _, o := range l.Content.Objects {
		settled = append(settled, o.Position().Y)
	}
	for i := range fresh {
		if fresh[i] != settled[i] {
			t.Fatalf("rows stand at %v first and at %v then", fresh, settled)
		}
	}
	if settled[1] < 60 {
		t.Errorf("nothing wraps here: %v", settled)
	}
}

// TestArrange: whatever changed inside, nothing stands on anything else.
func TestArrange(t *testing.T) {
	test.NewTempApp(t)
	verdict, doubts := words.Caption(""), words.Caption("")
	doubts.Hide()
	text, below := container.NewVBox(verdict, doubts), container.NewVBox(words.Caption("a"), words.Caption("b"))
	c := container.NewVBox(text, below, words.Title("ground"))
	w := test.NewTempWindow(t, container.NewVScroll(container.NewPadded(c)))
	w.Resize(fyne.NewSize(360, 600))
	verdict.SetText(strings.Repeat("fast and good ", 20))
	doubts.SetText(strings.Repeat("but unsure ", 20))
	doubts.Show()
	below.Objects[0].(*widget.Label).SetText(strings.Repeat("more ", 40))
	Arrange(c)
	for _, in := range []*fyne.Container{c, text, below} {
		for i, o := range in.Objects[1:] {
			above := in.Objects[i]
			if o.Position().Y < above.Position().Y+above.MinSize().Height {
				t.Errorf("object %d stands at %v on one at %v that is %v high", i+1, o.Position().Y, above.Position().Y, above.MinSize().Height)
			}
		}
	}
	if verdict.MinSize().Height < 40 {
		t.Error("nothing wraps here")
	}
}
