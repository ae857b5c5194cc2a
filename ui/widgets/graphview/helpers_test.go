package graphview

import (
	"fmt"
	"image/color"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"slipway/ui/graphpaint"
)

// chain is a graph of n boxes, each third of which has a branch beside it.
func chain(n int) graphpaint.Scene {
	var s graphpaint.Scene
	add := func(title string, from ...int) int {
		i := len(s.Nodes)
		s.Nodes = append(s.Nodes, graphpaint.Node{
			ID: fmt.Sprintf("n%d", i), Title: title, Name: fmt.Sprintf("block/%d", i),
			Class: graphpaint.ClassOf(title), Rows: []graphpaint.Row{{Name: "W", Value: fmt.Sprintf("<%d×64>", i)}},
		})
		for _, f := range from {
			s.Edges = append(s.Edges, graphpaint.Edge{From: f, To: i, Source: f, Label: "1×64"})
		}
		return i
	}
	x := add("Conv")
	for len(s.Nodes) < n {
		a := add("Relu", x)
		b := add("MaxPool", x)
		x = add("Add", a, b)
	}
	return s
}

// newGraph is a view in a window of the given size. All work is done at once on the test's goroutine; waiting is up to tick.
func newGraph(t *testing.T, w, h float32) (g *Graph, tick func()) {
	t.Helper()
	test.NewTempApp(t)
	g = New()
	g.RunInline()
	var waiting func()
	g.after = func(_ time.Duration, f func()) func() bool {
		waiting = f
		return func() bool { return false } // too late: the time is already up
	}
	win := test.NewTempWindow(t, g)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return g, func() {
		if f := waiting; f != nil {
			waiting = nil
			f()
		}
	}
}

func mustNode(t *testing.T, g *Graph, id string) Node {
	t.Helper()
	for _, n := range g.VisibleNodes() {
		if n.ID == id {
			return n
		}
	}
	t.Fatalf("node %s is not in sight", id)
	return Node{}
}

func centre(n Node) fyne.Position {
	return fyne.NewPos(n.Position.X+n.Size.Width/2, n.Position.Y+n.Size.Height/2)
}

// pixel is the colour that the picture shows at a position in the widget.
func pixel(g *Graph, p fyne.Position) color.RGBA {
	o := g.parts.picture
	b := g.pic.front.Bounds()
	x := (p.X - o.Position().X) / o.Size().Width * float32(b.Dx())
	y := (p.Y - o.Position().Y) / o.Size().Height * float32(b.Dy())
	return g.pic.front.RGBAAt(int(x), int(y))
}

// canvas is the canvas that g is on.
func (g *Graph) canvas(t *testing.T) fyne.Canvas {
	t.Helper()
	return fyne.CurrentApp().Driver().CanvasForObject(g)
}
