package split

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/theme"
)

// grip is the width in which the line can be taken hold of.
const grip = 7

// Split shows Left and Right, with the share Offset of the width for Left. Use
// it on the UI goroutine only.
type Split struct {
	widget.BaseWidget
	Left, Right fyne.CanvasObject
	Offset      float32

	line *handle
}

// New makes a split.
func New(left, right fyne.CanvasObject, offset float32) *Split {
	s := &Split{Left: left, Right: right, Offset: offset}
	s.line = &handle{split: s}
	s.line.ExtendBaseWidget(s.line)
	s.ExtendBaseWidget(s)
	return s
}

// Line is what stands between the panes.
func (s *Split) Line() fyne.CanvasObject { return s.line }

// CreateRenderer implements fyne.Widget.
func (s *Split) CreateRenderer() fyne.WidgetRenderer { return &renderer{s} }

type renderer struct{ s *Split }

func (r *renderer) Layout(size fyne.Size) {
	s := r.s
	free := max(size.Width-grip, 1)
	w := min(max(free*s.Offset, s.Left.MinSize().Width), max(free-s.Right.MinSize().Width, 0))
	s.Left.Move(fyne.NewPos(0, 0))
	s.Left.Resize(fyne.NewSize(w, size.Height))
	s.line.Move(fyne.NewPos(w, 0))
	s.line.Resize(fyne.NewSize(grip, size.Height))
	s.Right.Move(fyne.NewPos(w+grip, 0))
	s.Right.Resize(fyne.NewSize(free-w, size.Height))
}

func (r *renderer) MinSize() fyne.Size {
	a, b := r.s.Left.MinSize(), r.s.Right.MinSize()
	return fyne.NewSize(a.Width+b.Width+grip, max(a.Height, b.Height))
}

func (r *renderer) Refresh() {
	r.Layout(r.s.Size())
	r.s.line.Refresh()
	r.s.Left.Refresh()
	r.s.Right.Refresh()
}

func (r *renderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.Left, r.s.Right, r.s.line}
}
func (r *renderer) Destroy() {}

// handle is the line between the panes.
type handle struct {
	widget.BaseWidget
	split   *Split
	hovered bool
	held    bool
	from    float32 // where in the handle it was taken hold of
}

var (
	_ fyne.Draggable     = (*handle)(nil)
	_ desktop.Cursorable = (*handle)(nil)
	_ desktop.Hoverable  = (*handle)(nil)
)

func (h *handle) Cursor() desktop.Cursor         { return desktop.HResizeCursor }
func (h *handle) MouseIn(*desktop.MouseEvent)    { h.hovered = true; h.Refresh() }
func (h *handle) MouseMoved(*desktop.MouseEvent) {}
func (h *handle) MouseOut()                      { h.hovered = false; h.Refresh() }

// Dragged implements fyne.Draggable.
func (h *handle) Dragged(e *fyne.DragEvent) {
	if !h.held {
		h.held, h.from = true, e.Position.X-e.Dragged.DX
	}
	if free := h.split.Size().Width - grip; free > 0 {
		h.split.Offset = min(max((h.Position().X+e.Position.X-h.from)/free, 0), 1)
		h.split.Refresh()
	}
}

// DragEnd implements fyne.Draggable.
func (h *handle) DragEnd() {
	h.held = false
	// What the panes allow, so that the next move starts from what is seen.
	if free := h.split.Size().Width - grip; free > 0 {
		h.split.Offset = h.split.Left.Size().Width / free
	}
	h.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (h *handle) CreateRenderer() fyne.WidgetRenderer {
	r := &handleRenderer{h: h, line: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type handleRenderer struct {
	h    *handle
	line *canvas.Rectangle
}

func (r *handleRenderer) width() float32 {
	if r.h.hovered || r.h.held {
		return 3
	}
	return 1
}

func (r *handleRenderer) Layout(s fyne.Size) {
	w := r.width()
	r.line.Move(fyne.NewPos((s.Width-w)/2, 0))
	r.line.Resize(fyne.NewSize(w, s.Height))
}

func (r *handleRenderer) MinSize() fyne.Size { return fyne.NewSize(grip, 40) }

func (r *handleRenderer) Refresh() {
	r.line.FillColor = theme.Current(base.ColorNameSeparator)
	if r.h.hovered || r.h.held {
		r.line.FillColor = theme.Current(base.ColorNamePrimary)
	}
	r.Layout(r.h.Size())
	r.line.Refresh()
}

func (r *handleRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.line} }
func (r *handleRenderer) Destroy()                     {}
