package graphview

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
)

const (
	// firstAt is the number of nodes from which on the first layers are shown before the rest is laid out, firstNodes how
	// many of them.
	firstAt    = 1500
	firstNodes = 160
)

// SetScene shows another graph. The layout is made in a goroutine; until it is done the view says so, and a large graph
// shows its first layers. The selection stays where the new scene has a node of the same ID; search results and overlay
// end. s must not be changed afterwards.
func (g *Graph) SetScene(s graphpaint.Scene) {
	g.stop()
	ctx, cancel := context.WithCancel(context.Background())
	g.generation++
	g.announce = len(s.Nodes) > 0
	generation := g.generation
	g.scene, g.cancel = s, cancel
	g.painter, g.partial, g.hovered, g.home = nil, false, -1, true
	g.found, g.heat = nil, nil
	g.mini.Minimap = nil
	g.parts.legend.Image = nil
	g.hideTip()
	if len(s.Nodes) == 0 {
		text := g.EmptyText
		if text == "" {
			text = "This model has no layers to draw"
		}
		g.setStatus(text)
		g.placeAll()
		g.ready(nil)
		return
	}
	g.setStatus("Laying out " + thousands(len(s.Nodes)) + " layers…")
	g.placeAll()
	opts := graphpaint.Options{Direction: g.direction, Fonts: g.fonts}
	g.start(func() {
		// A newer scene may have come meanwhile: what belongs to an older one is dropped.
		current := func(f func()) {
			g.do(func() {
				if generation == g.generation {
					f()
				}
			})
		}
		if len(s.Nodes) >= firstAt {
			if d, _, err := graphpaint.First(ctx, s, firstNodes, opts); err == nil {
				current(func() { g.install(d, true) })
			}
		}
		d, err := graphpaint.Arrange(ctx, s, opts)
		if errors.Is(err, context.Canceled) {
			return
		}
		current(func() {
			if err != nil {
				g.painter = nil
				g.setStatus("This graph cannot be drawn: " + err.Error())
				g.placeAll()
				g.ready(err)
				return
			}
			g.setStatus("")
			g.install(d, false)
			g.ready(nil)
		})
	})
}

// stop ends a layout under way.
func (g *Graph) stop() {
	if g.cancel != nil {
		g.cancel()
		g.cancel = nil
	}
}

func (g *Graph) ready(err error) {
	if g.OnReady != nil {
		g.OnReady(err)
	}
}

// install takes a finished drawing. Where the user has moved the view on the first layers meanwhile, what was in its middle
// stays there.
func (g *Graph) install(d *graphpaint.Drawing, partial bool) {
	anchor, at := "", graphlayout.Point{}
	if g.painter != nil && !g.home {
		anchor, at = g.anchor()
	}
	g.painter, g.partial, g.hovered = graphpaint.NewPainter(d, g.palette), partial, -1
	if i := d.Index(anchor); anchor != "" && i >= 0 {
		r := d.NodeRect(i)
		g.look(camera{x: g.cam.x + float64(r.Min.X-at.X), y: g.cam.y + float64(r.Min.Y-at.Y), zoom: g.cam.zoom})
	} else {
		g.goHome()
	}
	g.picturesChanged()
}

// anchor is a node in sight, the closest to the middle, and its place.
func (g *Graph) anchor() (id string, at graphlayout.Point) {
	d := g.painter.Drawing()
	mid := g.toPlace(g.middle())
	best := float32(-1)
	for _, i := range d.NodesIn(g.visible()) {
		r := d.NodeRect(i)
		dx, dy := (r.Min.X+r.Max.X)/2-mid.X, (r.Min.Y+r.Max.Y)/2-mid.Y
		if dist := dx*dx + dy*dy; best < 0 || dist < best {
			best, id, at = dist, d.Scene.Nodes[i].ID, r.Min
		}
	}
	return id, at
}

// resized follows the widget's size: a view that has not been moved starts again, any other keeps its middle.
func (g *Graph) resized() {
	if g.home {
		g.goHome()
	} else {
		g.look(g.cam)
	}
	g.placeAll()
	g.paintMinimap()
}

// thousands writes n with separators.
func thousands(n int) string {
	s := strconv.Itoa(n)
	if len(s) <= 3 {
		return s
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
