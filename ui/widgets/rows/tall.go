package rows

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
)

// Tall is a column that scrolls, of as many rows as one likes: those near what is
// in sight are drawn, and no others. What happens to all widgets of a window, as
// when its colours change, then takes as long as one screen of rows does. Use it
// on the UI goroutine only.
type Tall struct {
	Content *fyne.Container
	scroll  *container.Scroll
	body    *fyne.Container
	rows    []Row
	kept    map[string]kept
	high    map[string]float32 // of rows that were drawn at this width
	width   float32
	guess   float32 // the height of a row that was not drawn yet
	drawing bool
}

// NewTall makes an empty one.
func NewTall() *Tall {
	t := &Tall{kept: map[string]kept{}, high: map[string]float32{}, guess: 200}
	t.body = container.New(&tallBody{t})
	t.scroll = container.NewVScroll(t.body)
	t.scroll.OnScrolled = func(fyne.Position) { t.draw() }
	t.Content = container.New(&tallFrame{t}, t.scroll)
	return t
}

// Show replaces the rows. Those in sight whose keys and states are as before stay
// the same objects.
func (t *Tall) Show(rows []Row) {
	t.rows = rows
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		seen[r.Key] = true
	}
	for k := range t.high {
		if !seen[k] {
			delete(t.high, k)
		}
	}
	t.draw()
}

// heightOf is that of a row, as far as it is known.
func (t *Tall) heightOf(r *Row) float32 {
	if h, ok := t.high[r.Key]; ok {
		return h
	}
	return t.guess
}

// draw makes the rows that are in sight, with a screen of them above and below,
// and lets the others go. Where some turn out to be higher or lower than was
// thought, the row at the upper edge stays where it is.
func (t *Tall) draw() {
	if t.drawing || t.width <= 0 {
		return
	}
	t.drawing = true
	defer func() { t.drawing = false }()
	view := t.scroll.Size().Height
	at, y := t.anchor(t.scroll.Offset.Y)
	into := t.scroll.Offset.Y - y
	now := map[string]kept{}
	for i, filled := at, float32(0); i < len(t.rows) && filled < 2*view; i++ {
		filled += t.make(i, now)
	}
	for i, filled := at-1, float32(0); i >= 0 && filled < view; i-- {
		filled += t.make(i, now)
	}
	t.kept = now
	var objects []fyne.CanvasObject
	for _, r := range t.rows {
		if k, ok := now[r.Key]; ok {
			objects = append(objects, k.object)
		}
	}
	if !slices.Equal(t.body.Objects, objects) {
		t.body.Objects = objects
		t.body.Refresh()
	}
	t.place()
	if at < len(t.rows) {
		into = min(into, t.heightOf(&t.rows[at])+base.Padding())
		t.scroll.Offset.Y = max(0, min(t.top(at)+into, t.top(len(t.rows))-view))
	}
	t.scroll.Refresh()
}

// anchor is the row at a height, and where it begins.
func (t *Tall) anchor(height float32) (int, float32) {
	y := base.Padding()
	for i := range t.rows {
		h := t.heightOf(&t.rows[i]) + base.Padding()
		if y+h > height || i == len(t.rows)-1 {
			return i, y
		}
		y += h
	}
	return 0, y
}

// top is where a row begins; of one past the last, the end.
func (t *Tall) top(row int) float32 {
	y := base.Padding()
	for i := range t.rows[:row] {
		y += t.heightOf(&t.rows[i]) + base.Padding()
	}
	return y
}

// make draws a row, unless it is drawn already, and returns its height.
func (t *Tall) make(i int, now map[string]kept) float32 {
	r := &t.rows[i]
	k, ok := t.kept[r.Key]
	if !ok || k.state != r.State {
		k = kept{r.State, r.Make()}
	}
	Settle(k.object, t.width-2*base.Padding())
	now[r.Key] = k
	h := k.object.MinSize().Height
	t.high[r.Key], t.guess = h, h
	return h + base.Padding()
}

// place puts the drawn rows where they belong.
func (t *Tall) place() {
	pad := base.Padding()
	y := pad
	for i := range t.rows {
		r := &t.rows[i]
		h := t.heightOf(r)
		if k, ok := t.kept[r.Key]; ok {
			k.object.Move(fyne.NewPos(pad, y))
			k.object.Resize(fyne.NewSize(t.width-2*pad, h))
		}
		y += h + pad
	}
}

// tallBody is what scrolls: as high as all rows, drawn or not.
type tallBody struct{ t *Tall }

// Layout implements fyne.Layout.
func (b *tallBody) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	t := b.t
	if size.Width != t.width {
		t.width = size.Width
		clear(t.high)
		t.draw()
		return
	}
	t.place()
}

// MinSize implements fyne.Layout.
func (b *tallBody) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, b.t.top(len(b.t.rows)))
	for _, o := range objects {
		size.Width = max(size.Width, o.MinSize().Width+2*base.Padding())
	}
	return size
}

// tallFrame fills its place with what scrolls and hears of another size.
type tallFrame struct{ t *Tall }

// Layout implements fyne.Layout.
func (f *tallFrame) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	f.t.scroll.Resize(size)
	f.t.draw()
}

// MinSize implements fyne.Layout.
func (f *tallFrame) MinSize([]fyne.CanvasObject) fyne.Size { return f.t.scroll.MinSize() }
