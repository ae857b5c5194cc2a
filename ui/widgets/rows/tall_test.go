package rows

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// tall is a window of 400×300 with n rows of several heights.
func tall(t *testing.T, n int) (*Tall, []Row, *int) {
	t.Helper()
	test.NewTempApp(t)
	l, made := NewTall(), 0
	w := test.NewTempWindow(t, l.Content)
	w.Resize(fyne.NewSize(400, 300))
	var list []Row
	for i := range n {
		r := row(fmt.Sprint("row ", i), strings.Repeat("words that wrap ", 1+i%5*4))
		make1 := r.Make
		r.Make = func() fyne.CanvasObject { made++; return make1() }
		list = append(list, r)
	}
	l.Show(list)
	return l, list, &made
}

// scrolled goes to an offset as the wheel does.
func (t *Tall) scrolled(y float32) {
	t.scroll.Offset.Y = y
	t.scroll.OnScrolled(t.scroll.Offset)
}

// stacked fails where drawn rows leave gaps or lie on top of each other.
func stacked(t *testing.T, l *Tall) {
	t.Helper()
	for i := 1; i < len(l.body.Objects); i++ {
		a, b := l.body.Objects[i-1], l.body.Objects[i]
		if gap := b.Position().Y - a.Position().Y - a.Size().Height; gap < 3.9 || gap > 4.1 || a.Size().Height < a.MinSize().Height {
			t.Fatalf("rows at %v, %v high, and %v", a.Position().Y, a.Size().Height, b.Position().Y)
		}
	}
}

// TestOnlyWhatIsNearIsDrawn, from the first row to the last, without gaps.
func TestOnlyWhatIsNearIsDrawn(t *testing.T) {
	l, list, made := tall(t, 500)
	if n := len(l.body.Objects); n == 0 || n > 40 || *made > 40 {
		t.Fatalf("%d rows are drawn, %d were made", n, *made)
	}
	stacked(t, l)
	end := func() float32 { return l.body.MinSize().Height - l.scroll.Size().Height }
	for y := float32(0); y < end(); y = l.scroll.Offset.Y + 90 {
		l.scrolled(y)
		stacked(t, l)
		top, bottom := l.body.Objects[0], l.body.Objects[len(l.body.Objects)-1]
		if v := l.scroll.Offset.Y; top.Position().Y > max(v, 4) || bottom.Position().Y+bottom.Size().Height < min(v+300, l.body.MinSize().Height-4) {
			t.Fatalf("at %v there are rows from %v to %v", v, top.Position().Y, bottom.Position().Y+bottom.Size().Height)
		}
	}
	l.scrolled(end())
	if k := l.kept[list[499].Key]; k.object == nil {
		t.Error("the last row is not there at the end")
	}
	if n := len(l.body.Objects); n > 40 || *made > 1200 {
		t.Errorf("%d rows are drawn at the end, %d were made", n, *made)
	}
}

// TestWhatIsInSightStays while the list is scrolled up over rows whose heights
// were only guessed.
func TestWhatIsInSightStays(t *testing.T) {
	l, list, _ := tall(t, 300)
	l.scrolled(l.body.MinSize().Height / 2)
	clear(l.high) // as after another width
	l.guess = 500
	l.draw()
	for range 40 {
		var first fyne.CanvasObject
		for _, o := range l.body.Objects {
			if o.Position().Y+o.Size().Height > l.scroll.Offset.Y {
				first = o
				break
			}
		}
		seen := first.Position().Y - l.scroll.Offset.Y
		l.scrolled(l.scroll.Offset.Y - 60)
		if now := first.Position().Y - l.scroll.Offset.Y; now < seen+59 || now > seen+61 {
			t.Fatalf("a step of 60 moved what is seen by %v", now-seen)
		}
	}
	same := append([]fyne.CanvasObject{}, l.body.Objects...)
	l.Show(list)
	for i, o := range l.body.Objects {
		if o != same[i] {
			t.Fatal("a row that shows the same is another widget")
		}
	}
}

// TestLargerWindowDrawsMore without anything being scrolled, and a narrower one
// measures anew.
func TestLargerWindowDrawsMore(t *testing.T) {
	l, _, _ := tall(t, 200)
	before := len(l.body.Objects)
	l.Content.Resize(fyne.NewSize(400, 2000))
	if n := len(l.body.Objects); n < before*2 {
		t.Errorf("%d rows are drawn, %d in a window of a sixth", n, before)
	}
	l.Content.Resize(fyne.NewSize(220, 2000))
	stacked(t, l)
	if n := len(l.body.Objects); n == 0 {
		t.Error("nothing is drawn")
	}
}
