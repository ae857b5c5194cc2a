package rows

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Row is one row of a list.
type Row struct {
	Key   string                   // tells it from the others, for as long as it is there
	State string                   // all that it shows: another state, another row
	Make  func() fyne.CanvasObject // draws it
}

// List is a column of rows. Use it on the UI goroutine only.
type List struct {
	Content *fyne.Container
	kept    map[string]kept
}

type kept struct {
	state  string
	object fyne.CanvasObject
}

// New makes an empty list.
func New() *List { return &List{Content: container.NewVBox()} }

// Show replaces the rows. Those whose keys and states are as before stay the
// same objects; all others are made.
func (l *List) Show(rows []Row) {
	now := make(map[string]kept, len(rows))
	objects := make([]fyne.CanvasObject, 0, len(rows))
	for _, r := range rows {
		k, ok := l.kept[r.Key]
		if !ok || k.state != r.State {
			k = kept{r.State, r.Make()}
			Settle(k.object, l.Content.Size().Width)
		}
		now[r.Key] = k
		objects = append(objects, k.object)
	}
	l.kept = now
	if !slices.Equal(l.Content.Objects, objects) {
		l.Content.Objects = objects
		l.Content.Refresh()
		Arrange(l.Content)
	}
}

// Settle gives an object that is about to be put into a column of some width the
// height that it will need there. Text that wraps knows its height only once it
// has its width; without this the column would place what follows too high, or
// too low, until the next frame is drawn.
func Settle(o fyne.CanvasObject, width float32) {
	if width <= 0 {
		return // nowhere yet: the first layout of all will be right
	}
	high := float32(-1)
	for range 4 { // containers in containers
		h := o.MinSize().Height
		if h == high {
			return
		}
		high = h
		o.Resize(fyne.NewSize(width, h))
	}
}

// Arrange lays a container out anew, and all containers in it, until texts that
// wrap have their heights. Call it after changes inside: of several changes in
// one frame the toolkit follows some only, and leaves things on top of others.
func Arrange(c *fyne.Container) {
	for range 3 {
		arrange(c)
	}
}

func arrange(c *fyne.Container) {
	if c.Layout != nil {
		c.Layout.Layout(c.Objects, c.Size())
	}
	for _, o := range c.Objects {
		if inner, ok := o.(*fyne.Container); ok && inner.Visible() {
			arrange(inner)
		}
	}
}
