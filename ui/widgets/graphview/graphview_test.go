package graphview

import (
	"fmt"
	"image"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"slipway/ui/graphpaint"
)

func TestSceneIsShown(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	readyErr := fmt.Errorf("not called")
	g.OnReady = func(err error) { readyErr = err }
	g.SetScene(chain(10))
	if readyErr != nil {
		t.Fatalf("OnReady: %v", readyErr)
	}
	nodes := g.VisibleNodes()
	if len(nodes) != 10 {
		t.Fatalf("%d of 10 nodes in sight of a small graph", len(nodes))
	}
	if g.parts.status.Visible() || !g.parts.picture.Visible() {
		t.Error("the status is still there, or the picture is not")
	}
	for _, n := range nodes {
		if got, ok := g.NodeAt(centre(n)); !ok || got.ID != n.ID {
			t.Errorf("at the middle of %s lies %q", n.ID, got.ID)
		}
		i := g.painter.Drawing().Index(n.ID)
		want := g.palette.Header[g.scene.Nodes[i].Class]
		if got := pixel(g, fyne.NewPos(n.Position.X+4, n.Position.Y+n.Size.Height/5)); got != want {
			t.Errorf("the picture shows %v in the header of %s, want %v", got, n.ID, want)
		}
	}
	if _, ok := g.NodeAt(fyne.NewPos(1, 1)); ok {
		t.Error("a node in the empty corner")
	}
}

func TestStates(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	var pending []func()
	g.start = func(f func()) { pending = append(pending, f) }
	g.SetScene(chain(2000))
	if !g.parts.status.Visible() || g.parts.status.Text != "Laying out 2,002 layers…" || g.VisibleNodes() != nil || g.Painter() != nil {
		t.Errorf("while laying out: status %q visible %v", g.parts.status.Text, g.parts.status.Visible())
	}
	stale := pending
	pending = nil
	g.SetScene(chain(5)) // the first one is abandoned
	for len(pending) > 0 {
		f := pending[0]
		pending = pending[1:]
		f()
	}
	for _, f := range stale {
		f()
	}
	if n := len(g.VisibleNodes()); n != 7 || g.parts.status.Visible() {
		t.Errorf("%d nodes, want the 7 of the second scene; status %q", n, g.parts.status.Text)
	}
	g.start = func(f func()) { f() }
	var err error
	g.OnReady = func(e error) { err = e }
	g.SetScene(graphpaint.Scene{Nodes: make([]graphpaint.Node, 1), Edges: []graphpaint.Edge{{To: 4}}})
	if err == nil || !g.parts.status.Visible() || g.parts.picture.Visible() {
		t.Errorf("a malformed graph: error %v, status %q", err, g.parts.status.Text)
	}
	g.SetScene(graphpaint.Scene{})
	if err != nil || g.parts.status.Text != "This model has no layers to draw" {
		t.Errorf("an empty graph: error %v, status %q", err, g.parts.status.Text)
	}
}

// What was laid out for a scene that has been replaced meanwhile is dropped.
func TestLateLayout(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	var late []func()
	g.do = func(f func()) { late = append(late, f) }
	g.SetScene(chain(20))
	g.do = func(f func()) { f() }
	g.SetScene(chain(5))
	for _, f := range late {
		f()
	}
	if n := len(g.VisibleNodes()); n != 7 {
		t.Errorf("%d nodes, want the 7 of the newer scene", n)
	}
}

// What changes while a picture is being painted is on the next one.
func TestChangeWhilePainting(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(10))
	var pending []func()
	g.start = func(f func()) { pending = append(pending, f) }
	g.SetFound([]string{"n1"})
	g.SetFound([]string{"n4"})
	for len(pending) > 0 {
		f := pending[0]
		pending = pending[1:]
		f()
	}
	n := mustNode(t, g, "n4")
	if got := pixel(g, fyne.NewPos(n.Position.X-2, n.Position.Y+n.Size.Height/2)); got != g.palette.Found {
		t.Errorf("beside the node found last the picture shows %v", got)
	}
}

// The first layers of a large graph come before the whole, and what the user looks at stays where it is.
func TestFirstScreen(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	var firstSeen []Node
	g.do = func(f func()) {
		f()
		if g.partial && firstSeen == nil {
			firstSeen = g.VisibleNodes()
			g.panBy(0, 300)
			firstSeen = g.VisibleNodes()
		}
	}
	g.SetScene(chain(3000))
	if len(firstSeen) == 0 || g.partial {
		t.Fatalf("%d nodes in sight before the layout was complete; partial at the end: %v", len(firstSeen), g.partial)
	}
	anchor, _ := g.anchor()
	for _, n := range firstSeen {
		if n.ID == anchor {
			now := mustNode(t, g, anchor)
			if d := n.Position.Subtract(now.Position); math.Hypot(float64(d.X), float64(d.Y)) > 1 {
				t.Errorf("node %s moved on the screen by %v", anchor, d)
			}
			return
		}
	}
	t.Errorf("node %s in the middle was not in sight before", anchor)
}

// A zoom step is answered at once by the old picture, stretched; the sharp one follows.
func TestPictureIsStretchedUntilItIsSharp(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(60))
	var pending []func()
	g.start = func(f func()) { pending = append(pending, f) }
	old, width := g.parts.picture.Image, g.parts.picture.Size().Width
	where := centre(mustNode(t, g, "n3"))
	header := fyne.NewPos(where.X-20, where.Y-20)
	want := pixel(g, header)
	g.ZoomBy(1.5, header)
	if g.parts.picture.Image != old || math.Abs(float64(g.parts.picture.Size().Width/width-1.5)) > 0.01 {
		t.Fatalf("the picture is %g wide after zooming from %g by 1.5", g.parts.picture.Size().Width, width)
	}
	if got := pixel(g, header); got != want {
		t.Errorf("the point zoomed about changed from %v to %v", want, got)
	}
	if len(pending) != 1 {
		t.Fatalf("%d pictures are being painted", len(pending))
	}
	g.ZoomBy(1.1, header) // while one is being painted
	if len(pending) != 1 {
		t.Fatalf("%d pictures are being painted at once", len(pending))
	}
	for len(pending) > 0 {
		f := pending[0]
		pending = pending[1:]
		f()
	}
	if math.Abs(g.pic.view.Zoom-g.Zoom()*g.pixelScale()) > 1e-9 {
		t.Errorf("the picture's zoom is %g, the view's %g", g.pic.view.Zoom, g.Zoom())
	}
}

// However the view is moved, the picture reaches over the whole widget.
func TestPictureCoversTheView(t *testing.T) {
	g, _ := newGraph(t, 500, 400)
	g.SetScene(chain(400))
	painted := 0
	g.start = func(f func()) { painted++; f() }
	check := func(what string) {
		t.Helper()
		p, s := g.parts.picture.Position(), g.parts.picture.Size()
		if p.X > 0 || p.Y > 0 || p.X+s.Width < 500 || p.Y+s.Height < 400 {
			t.Fatalf("%s: the picture at %v size %v does not cover the view", what, p, s)
		}
	}
	for i := range 200 {
		test.Drag(g.canvas(t), fyne.NewPos(250, 200), float32(i%7-3), -11)
		check("drag")
	}
	if painted == 0 || painted > 100 {
		t.Errorf("%d pictures painted for 200 small moves", painted)
	}
	g.Fit()
	check("fit")
	g.Center("n200")
	check("centre")
	g.Resize(fyne.NewSize(300, 900))
	if s := g.parts.picture.Size(); s.Height < 900 {
		t.Errorf("after a resize the picture is %v", s)
	}
}

func TestFindAndFound(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(10))
	for query, want := range map[string]int{"relu": 3, "RELU": 3, "block/7": 1, "<4×64>": 1, `"Add"`: 3, `"ad"`: 0, "nothing": 0, " ": 0} {
		if got := g.Find(query); len(got) != want {
			t.Errorf("Find(%q) = %q, want %d", query, got, want)
		}
	}
	ids := g.Find("relu")
	g.SetFound(ids)
	n := mustNode(t, g, ids[0])
	if got := pixel(g, fyne.NewPos(n.Position.X-2, n.Position.Y+n.Size.Height/2)); got != g.palette.Found {
		t.Errorf("beside a node found the picture shows %v", got)
	}
	g.SetFound(nil)
	if got := pixel(g, fyne.NewPos(n.Position.X-2, n.Position.Y+n.Size.Height/2)); got == g.palette.Found {
		t.Error("the highlight stays")
	}
}

func TestHeatAndLegend(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(4))
	h := &graphpaint.Heat{Title: "time, ms", Lo: "0", Hi: "2.5", Value: []float32{1, 0, 0.5, 0.2}}
	g.SetHeat(h)
	n := mustNode(t, g, "n0")
	if got := pixel(g, fyne.NewPos(n.Position.X+4, n.Position.Y+n.Size.Height/5)); got != graphpaint.Ramp(1) || !g.parts.legend.Visible() {
		t.Errorf("the hottest node has %v, legend visible %v", got, g.parts.legend.Visible())
	}
	g.SetHeat(nil)
	if g.parts.legend.Visible() {
		t.Error("a legend of nothing")
	}
}

func TestPaletteAndEmpty(t *testing.T) {
	g, _ := newGraph(t, 400, 300)
	// Nothing is there yet: nothing may fail.
	g.Fit()
	g.ZoomIn()
	g.ActualSize()
	g.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	g.Tapped(&fyne.PointEvent{})
	g.MouseMoved(&desktop.MouseEvent{})
	g.Dragged(&fyne.DragEvent{})
	g.SetFound([]string{"x"})
	g.SetHeat(&graphpaint.Heat{})
	if g.Center("x") || g.VisibleNodes() != nil || g.Find("x") != nil || g.Painter() != nil {
		t.Error("an empty view has nodes")
	}
	g.SetScene(chain(4))
	g.SetPalette(graphpaint.Dark())
	if got := pixel(g, fyne.NewPos(2, 2)); got != graphpaint.Dark().Canvas {
		t.Errorf("the ground is %v", got)
	}
	g.Refresh()
	if g.palette != graphpaint.Dark() {
		t.Error("a palette that was set does not outlast a refresh")
	}
	if img, ok := g.parts.picture.Image.(*image.RGBA); !ok || img.Stride != 4*img.Bounds().Dx() {
		t.Error("the picture is not one that can be uploaded as it is")
	}
}
