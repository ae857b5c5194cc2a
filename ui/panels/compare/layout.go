package compare

import "fyne.io/fyne/v2"

// masonry lays charts out in two columns where there is room, each as high as it
// asks, the next one under the shorter column.
type masonry struct{ width float32 }

const gap = 10

func (m *masonry) columns(width float32) int {
	if width < 820 {
		return 1
	}
	return 2
}

func (m *masonry) Layout(o []fyne.CanvasObject, size fyne.Size) {
	m.width = size.Width
	m.place(o, size.Width, func(c fyne.CanvasObject, pos fyne.Position, s fyne.Size) {
		c.Move(pos)
		c.Resize(s)
	})
}

func (m *masonry) place(o []fyne.CanvasObject, width float32, put func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	n := m.columns(width)
	w := (width - gap*float32(n-1)) / float32(n)
	tops := make([]float32, n)
	for _, c := range o {
		k := 0
		for i := range tops {
			if tops[i] < tops[k] {
				k = i
			}
		}
		h := c.MinSize().Height
		put(c, fyne.NewPos(float32(k)*(w+gap), tops[k]), fyne.NewSize(w, h))
		tops[k] += h + gap
	}
	high := float32(0)
	for _, t := range tops {
		high = max(high, t)
	}
	return high
}

func (m *masonry) MinSize(o []fyne.CanvasObject) fyne.Size {
	width := m.width
	if width == 0 {
		width = 900
	}
	return fyne.NewSize(330, m.place(o, width, func(fyne.CanvasObject, fyne.Position, fyne.Size) {}))
}

// rowsHeight gives the table room for its rows, inside the scrolling page, up to
// a height at which it scrolls by itself.
type rowsHeight struct{ rows func() int }

func (*rowsHeight) Layout(o []fyne.CanvasObject, s fyne.Size) {
	for _, c := range o {
		c.Resize(s)
	}
}

func (r *rowsHeight) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(300, min(float32(r.rows()+1)*34+12, 460))
}
