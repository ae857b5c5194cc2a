package graphview

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"slipway/ui/graphlayout"
)

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
		if before, after := centre(mustNode(t, g, one)), centre(mustNode(t, g, g.Selected())); before.X >= after.X && before.Y >= after.Y {
			t.Errorf("direction %d: forwards leads from %v to %v", dir, before, after)
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
