package graphview

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

type dragMode uint8

const (
	dragNone dragMode = iota
	dragView
	dragMinimap
)

const tipDelay = 350 * time.Millisecond

// Scrolled zooms about the pointer, or moves the view where WheelScrolls is set.
func (g *Graph) Scrolled(e *fyne.ScrollEvent) {
	g.pointer = e.Position
	if g.WheelScrolls {
		g.panBy(-float64(e.Scrolled.DX)*4, -float64(e.Scrolled.DY)*4)
		return
	}
	// A notch of the wheel is 10; a fast wheel or a touch pad sends more at once.
	d := min(max(float64(e.Scrolled.DY), -60), 60)
	g.ZoomBy(math.Exp(d*0.015), e.Position)
}

// panBy moves the view by Fyne units.
func (g *Graph) panBy(dx, dy float64) {
	if dx == 0 && dy == 0 {
		return
	}
	g.home = false
	g.look(camera{x: g.cam.x + dx/g.cam.zoom, y: g.cam.y + dy/g.cam.zoom, zoom: g.cam.zoom})
}

// Dragged moves the view, or what the minimap shows of it.
func (g *Graph) Dragged(e *fyne.DragEvent) {
	if g.drag == dragNone {
		g.drag = dragView
		if g.onMinimap(e.Position.SubtractXY(e.Dragged.DX, e.Dragged.DY)) {
			g.drag = dragMinimap
		}
	}
	g.hideTip()
	if g.drag == dragMinimap {
		g.jump(e.Position)
		return
	}
	g.panBy(-float64(e.Dragged.DX), -float64(e.Dragged.DY))
}

// DragEnd is called by Fyne.
func (g *Graph) DragEnd() { g.drag = dragNone }

// Tapped selects what lies under the pointer, or nothing; on the minimap it goes there.
func (g *Graph) Tapped(e *fyne.PointEvent) {
	if g.onMinimap(e.Position) {
		g.jump(e.Position)
		return
	}
	n, ok := g.NodeAt(e.Position)
	if !ok {
		g.choose("")
		return
	}
	g.choose(n.ID)
}

// MouseDown takes the keyboard and, on the minimap, goes there at once.
func (g *Graph) MouseDown(e *desktop.MouseEvent) {
	if app := fyne.CurrentApp(); app != nil {
		if c := app.Driver().CanvasForObject(g); c != nil && c.Focused() != fyne.Focusable(g) {
			c.Focus(g)
		}
	}
	g.hideTip()
	if e.Button == desktop.MouseButtonPrimary && g.onMinimap(e.Position) {
		g.drag = dragMinimap
	}
}

// MouseUp is called by Fyne.
func (g *Graph) MouseUp(*desktop.MouseEvent) { g.drag = dragNone }

// MouseIn is called by Fyne.
func (g *Graph) MouseIn(e *desktop.MouseEvent) { g.MouseMoved(e) }

// MouseMoved outlines what lies under the pointer and, a moment later, says what it is.
func (g *Graph) MouseMoved(e *desktop.MouseEvent) {
	g.pointer = e.Position
	node := -1
	if g.painter != nil && g.drag == dragNone && !g.onMinimap(e.Position) {
		node = g.painter.Drawing().NodeAt(g.toPlace(e.Position))
	}
	if node == g.hovered {
		return
	}
	g.hovered = node
	g.hideTip()
	g.placeOutlines()
	if node < 0 {
		return
	}
	painter := g.painter
	g.wait = g.after(tipDelay, func() {
		g.do(func() {
			if painter != g.painter || g.hovered != node || g.drag != dragNone {
				return
			}
			n := painter.Drawing().Scene.Nodes[node]
			name := n.Name
			if name == n.Title {
				name = ""
			}
			g.showTip(n.Title, name)
		})
	})
}

// MouseOut is called by Fyne.
func (g *Graph) MouseOut() {
	g.hovered = -1
	g.hideTip()
	g.placeOutlines()
}

func (g *Graph) hideTip() {
	if g.wait != nil {
		g.wait()
		g.wait = nil
	}
	if g.parts.tipBack.Visible() {
		g.showTip("", "")
	}
}

// Cursor shows that boxes can be clicked.
func (g *Graph) Cursor() desktop.Cursor {
	if g.hovered >= 0 || g.onMinimap(g.pointer) {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// FocusGained is called by Fyne.
func (g *Graph) FocusGained() {}

// FocusLost is called by Fyne.
func (g *Graph) FocusLost() {}

// TypedRune is called by Fyne; the keys do their work in TypedKey.
func (g *Graph) TypedRune(rune) {}

// TypedKey walks along the edges with the arrows and moves the view with the other keys.
func (g *Graph) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight:
		g.walk(e.Name)
	case fyne.KeyBackspace, fyne.KeyEscape:
		if g.selected == "" && g.OnKey != nil {
			g.OnKey(e)
		}
		g.choose("")
	case fyne.KeyF, fyne.KeySpace:
		g.Fit()
	case fyne.KeyPlus, fyne.KeyEqual:
		g.ZoomIn()
	case fyne.KeyMinus:
		g.ZoomOut()
	case fyne.Key0:
		g.ActualSize()
	case fyne.KeyPageDown:
		g.panBy(0, float64(g.Size().Height)*0.8)
	case fyne.KeyPageUp:
		g.panBy(0, -float64(g.Size().Height)*0.8)
	case fyne.KeyHome:
		g.goHome()
		g.home = true
	case fyne.KeyReturn, fyne.KeyEnter:
		if g.selected != "" && g.OnActivate != nil {
			g.OnActivate(g.selected)
		}
	default:
		if g.OnKey != nil {
			g.OnKey(e)
		}
	}
}
