package graphview

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
)

// chain is a graph of n boxes, each third of which has a branch beside it.
func chain(n int) graphpaint.Scene {
	var s graphpaint.Scene
	add := func(title string, from ...int) int {
		i := len(s.Nodes)
		s.Nodes = append(s.Nodes, graphpaint.Node{ID: fmt.Sprintf("n%d", i), Title: title, Name: fmt.Sprintf("block/%d", i),
			Class: graphpaint.ClassOf(title), Rows: []graphpaint.Row{{Name: "W", Value: fmt.Sprintf("<%d×64>", i)}}})
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
	g.start = func(f func()) { f() }
	g.do = func(f func()) { f() }
	var waiting func()
	g.after = func(_ time.Duration, f func()) func() bool {
		waiting = f
		return func() bool { waiting = nil; return true }
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

func TestSelect(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	var told []string
	g.OnSelect = func(id string) { told = append(told, id) }
	g.SetScene(chain(10))
	n := mustNode(t, g, "n4")
	test.TapAt(g, centre(n))
	if g.Selected() != "n4" || len(told) != 1 || told[0] != "n4" {
		t.Fatalf("after a click: selected %q, told %q", g.Selected(), told)
	}
	o := g.parts.outline
	if !o.Visible() || o.Position().X >= n.Position.X || o.Position().X+o.Size().Width <= n.Position.X+n.Size.Width {
		t.Errorf("the outline at %v size %v does not surround the node at %v size %v", o.Position(), o.Size(), n.Position, n.Size)
	}
	if !mustNode(t, g, "n4").Selected {
		t.Error("the node does not say that it is selected")
	}
	test.TapAt(g, fyne.NewPos(2, 2))
	if g.Selected() != "" || o.Visible() || len(told) != 2 {
		t.Errorf("after a click beside: selected %q, outline %v, told %q", g.Selected(), o.Visible(), told)
	}
	g.Select("n2")
	if g.Selected() != "n2" || len(told) != 2 {
		t.Errorf("Select: selected %q, told %q", g.Selected(), told)
	}
	g.Select("gone")
	if o.Visible() {
		t.Error("an outline around a node that is not there")
	}
}

func TestZoomKeepsThePointInPlace(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(60))
	at := fyne.NewPos(300, 200)
	before := g.toPlace(at)
	g.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: at}, Scrolled: fyne.NewDelta(0, 10)})
	after := g.toPlace(at)
	if g.Zoom() == 1 || math.Abs(float64(before.X-after.X)) > 0.01 || math.Abs(float64(before.Y-after.Y)) > 0.01 {
		t.Errorf("zoom %g: the place under the pointer went from %v to %v", g.Zoom(), before, after)
	}
	for range 100 {
		g.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: at}, Scrolled: fyne.NewDelta(0, 60)})
	}
	if g.Zoom() != maxZoom {
		t.Errorf("zoom %g, want at most %g", g.Zoom(), maxZoom)
	}
	for range 100 {
		g.ZoomOut()
	}
	if z := g.Zoom(); z > g.fitZoom() || z <= 0 {
		t.Errorf("zoomed out to %g; the whole is seen at %g", z, g.fitZoom())
	}
}

// canvas is the canvas that g is on.
func (g *Graph) canvas(t *testing.T) fyne.Canvas {
	t.Helper()
	return fyne.CurrentApp().Driver().CanvasForObject(g)
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

func TestCenterAndFit(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(300))
	if len(g.VisibleNodes()) == 300 {
		t.Fatal("a long graph is shown whole, too small to be read")
	}
	if !g.Center("n150") || g.Center("nobody") {
		t.Error("Center does not tell what is there from what is not")
	}
	c := centre(mustNode(t, g, "n150"))
	if math.Abs(float64(c.X-400)) > 1 || math.Abs(float64(c.Y-300)) > 1 {
		t.Errorf("the node is at %v, not in the middle", c)
	}
	g.Fit()
	if n := len(g.VisibleNodes()); n != len(g.scene.Nodes) {
		t.Errorf("%d of %d nodes in sight after Fit", n, len(g.scene.Nodes))
	}
	g.Center("n150")
	if g.Zoom() < 0.6 {
		t.Errorf("a node is centred at zoom %g, where it cannot be read", g.Zoom())
	}
}

func TestKeys(t *testing.T) {
	for _, dir := range []graphlayout.Direction{graphlayout.Vertical, graphlayout.Horizontal} {
		g, _ := newGraph(t, 800, 600)
		g.SetDirection(dir)
		g.SetScene(chain(30))
		press := func(keys ...fyne.KeyName) {
			for _, k := range keys {
				g.TypedKey(&fyne.KeyEvent{Name: k})
			}
		}
		ahead, back, left, right := fyne.KeyDown, fyne.KeyUp, fyne.KeyLeft, fyne.KeyRight
		if dir == graphlayout.Horizontal {
			ahead, back, left, right = fyne.KeyRight, fyne.KeyLeft, fyne.KeyUp, fyne.KeyDown
		}
		g.Select("n0")
		press(ahead)
		first := g.Selected()
		if first != "n1" && first != "n2" {
			t.Fatalf("direction %d: after n0 comes %q", dir, first)
		}
		press(left, right)
		press(left)
		one := g.Selected()
		press(right)
		if two := g.Selected(); one == two || one+two != "n1n2" && one+two != "n2n1" {
			t.Errorf("direction %d: side by side lie %q and %q", dir, one, two)
		}
		press(ahead)
		if g.Selected() != "n3" {
			t.Errorf("direction %d: after the branches comes %q", dir, g.Selected())
		}
		press(ahead, ahead, ahead, ahead)
		last := mustNode(t, g, g.Selected())
		if c := centre(last); c.X < 0 || c.Y < 0 || c.X > 800 || c.Y > 600 {
			t.Errorf("direction %d: the selection left the view: %v", dir, c)
		}
		press(back)
		if g.Selected() == last.ID {
			t.Errorf("direction %d: nothing precedes %s", dir, last.ID)
		}
		press(fyne.KeyEscape)
		if g.Selected() != "" {
			t.Errorf("direction %d: still selected %q", dir, g.Selected())
		}
		press(ahead)
		if g.Selected() == "" {
			t.Errorf("direction %d: an arrow does not start anywhere", dir)
		}
		press(fyne.KeyF)
		if n := len(g.VisibleNodes()); n != len(g.scene.Nodes) {
			t.Errorf("direction %d: %d nodes after F", dir, n)
		}
		press(fyne.Key0)
		if math.Abs(g.Zoom()-1) > 1e-9 {
			t.Errorf("direction %d: zoom %g after 0", dir, g.Zoom())
		}
		press(fyne.KeyPlus)
		if g.Zoom() <= 1 {
			t.Errorf("direction %d: zoom %g after +", dir, g.Zoom())
		}
		press(fyne.KeyMinus, fyne.KeyMinus)
		if g.Zoom() >= 1 {
			t.Errorf("direction %d: zoom %g after -", dir, g.Zoom())
		}
		activated := ""
		g.OnActivate = func(id string) { activated = id }
		press(fyne.KeyReturn)
		if activated != g.Selected() {
			t.Errorf("direction %d: Return activated %q, selected is %q", dir, activated, g.Selected())
		}
	}
}

func TestHover(t *testing.T) {
	g, tick := newGraph(t, 800, 600)
	g.SetScene(chain(10))
	n := mustNode(t, g, "n2")
	move := func(p fyne.Position) {
		g.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: p}})
	}
	move(centre(n))
	if !g.parts.hover.Visible() || g.parts.tipBack.Visible() || g.Cursor() != desktop.PointerCursor {
		t.Error("over a node: no outline, a hasty tip or no hand")
	}
	tick()
	if !g.parts.tipBack.Visible() || g.parts.tip[0].Text != "MaxPool" || g.parts.tip[1].Text != "block/2" {
		t.Errorf("the tip says %q, %q", g.parts.tip[0].Text, g.parts.tip[1].Text)
	}
	move(fyne.NewPos(2, 2))
	tick()
	if g.parts.hover.Visible() || g.parts.tipBack.Visible() {
		t.Error("beside the node outline or tip are still there")
	}
	move(fyne.NewPos(centre(n).X, centre(n).Y))
	g.MouseOut()
	tick()
	if g.parts.hover.Visible() || g.parts.tipBack.Visible() {
		t.Error("outside the widget outline or tip are still there")
	}
}

func TestMinimap(t *testing.T) {
	g, _ := newGraph(t, 800, 600)
	g.SetScene(chain(6))
	if g.parts.minimap.Visible() {
		t.Error("a minimap of what is seen whole")
	}
	g.SetScene(chain(500))
	if !g.parts.minimap.Visible() || !g.parts.window.Visible() {
		t.Fatal("no minimap of a long graph")
	}
	at, size := g.parts.minimap.Position(), g.parts.minimap.Size()
	if at.X+size.Width > 800 || at.Y+size.Height > 600 {
		t.Errorf("the minimap at %v size %v is cut off", at, size)
	}
	test.TapAt(g, fyne.NewPos(at.X+size.Width/2, at.Y+size.Height/2))
	mid := g.toPlace(g.middle())
	if b := g.painter.Drawing().Bounds(); math.Abs(float64(mid.Y-b.Max.Y/2)) > float64(b.Max.Y)*0.02 {
		t.Errorf("a click into the middle of the map went to %v of %v", mid, b.Max)
	}
	if w := g.parts.window.Position().Y; math.Abs(float64(w-at.Y-size.Height/2)) > 12 {
		t.Errorf("the window on the map is at %g", w)
	}
	if g.Selected() != "" {
		t.Error("the click went through the map")
	}
	g.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(at.X+5, at.Y+5)}, Button: desktop.MouseButtonPrimary})
	g.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(at.X+5, at.Y+size.Height-6)}})
	g.DragEnd()
	if mid := g.toPlace(g.middle()); mid.Y < g.painter.Drawing().Bounds().Max.Y*0.8 {
		t.Errorf("dragging on the map led to %v", mid)
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
