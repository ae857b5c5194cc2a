package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/theme"
	"slipway/ui/widgets/split"
)

// counted counts how often it is refreshed.
type counted struct {
	widget.Label
	times int
}

func newCounted() *counted {
	c := &counted{}
	c.ExtendBaseWidget(c)
	return c
}

func (c *counted) Refresh() { c.times++; c.Label.Refresh() }

// TestColoursChangeOnce: what is seen is refreshed a few times, however many
// containers, scrollers and splits there are around it; what is behind is not,
// until it comes to front, and all keeps its place.
func TestColoursChangeOnce(t *testing.T) {
	u, pages := newUI(t)
	var deep fyne.CanvasObject
	seen, behind := newCounted(), newCounted()
	deep = seen
	for range 6 {
		deep = split.New(container.NewVScroll(container.NewVBox(deep)), container.NewStack(), 0.5)
		deep = container.NewBorder(nil, nil, nil, nil, container.NewPadded(deep))
	}
	u.stack.Objects[1].Hide()
	u.stack.Objects[0], u.stack.Objects[1] = deep, behind
	behind.Hide()
	u.win.Resize(fyne.NewSize(900, 600))
	place, size := seen.Position(), seen.Size()
	if u.Front() != pages[0].id {
		t.Fatalf("in front is %s", u.Front())
	}
	for _, mode := range []string{"dark", "light", "dark"} {
		seen.times, behind.times = 0, 0
		u.setTheme(mode)
		if seen.times < 1 || seen.times > 4 || behind.times != 0 {
			t.Errorf("%s: what is seen was refreshed %d times, what is behind %d", mode, seen.times, behind.times)
		}
		if theme.Dark() != (mode == "dark") || u.dark != theme.Dark() || seen.Position() != place || seen.Size() != size {
			t.Errorf("%s: dark %t, at %v, %v", mode, u.dark, seen.Position(), seen.Size())
		}
	}
	if len(u.root.Objects) != 3 || u.root.Layout == nil {
		t.Fatal("the window's content is not what it was")
	}
	pages[1].label = &behind.Label
	before := u.stale["graph"]
	u.show("graph")
	if !before || u.stale["graph"] {
		t.Errorf("the panel behind: stale %t, then %t", before, u.stale["graph"])
	}
}

// TestPanelsBehindGetTheColoursWhenTheyCome to front, once.
func TestPanelsBehindGetTheColoursWhenTheyCome(t *testing.T) {
	u, _ := newUI(t)
	c := newCounted()
	var asked []fyne.CanvasObject
	u.setTheme("dark")
	asked = u.leaves(nil, container.NewVBox(c, container.NewHScroll(container.NewHBox(widget.NewLabel("a"), widget.NewButton("b", nil)))))
	if len(asked) != 4 {
		t.Errorf("there are %d things to draw", len(asked))
	}
	for _, o := range asked {
		if _, ok := o.(*fyne.Container); ok {
			t.Error("a container is told to draw what is in it")
		}
		if _, ok := o.(*container.Scroll); ok {
			t.Error("a scroller is looked into")
		}
	}
	u.apply(u.o.App.Settings().Theme(), c)
	if c.times < 1 || c.times > 3 {
		t.Errorf("refreshed %d times", c.times)
	}
}
