package graphview

import (
	"image"
	"math"

	"slipway/ui/graphpaint"
)

// picture is the painted part of the drawing and the state of its painting. There are two images: the one on the screen is
// never written to.
type picture struct {
	view    graphpaint.View // of front
	scale   float64         // pixels to a Fyne unit when front was painted
	front   *image.RGBA
	back    *image.RGBA
	painter *graphpaint.Painter // that painted front

	busy  bool // a goroutine paints into back
	again bool // and something changed since it started
}

// overscan is how far a picture reaches beyond the widget on every side, in parts of the widget's size.
const overscan = 0.14

// placePicture puts the picture where the camera wants it and asks for a new one where it is not sharp or does not reach.
func (g *Graph) placePicture() {
	o := g.parts.picture
	if g.painter == nil || g.pic.front == nil || g.pic.painter != g.painter {
		g.show(o, false)
		if g.painter != nil && g.pic.painter != g.painter {
			g.repaint()
		}
		return
	}
	scale := g.pixelScale()
	v, b := g.pic.view, g.pic.front.Bounds()
	zoom := g.cam.zoom * scale
	x, y := (v.X-g.cam.x)*zoom, (v.Y-g.cam.y)*zoom
	w, h := float64(b.Dx())*zoom/v.Zoom, float64(b.Dy())*zoom/v.Zoom
	sharp := math.Abs(zoom/v.Zoom-1) < 1e-9
	if sharp {
		// On whole pixels, so that the picture is shown as it was painted.
		x, y, w, h = math.Round(x), math.Round(y), float64(b.Dx()), float64(b.Dy())
	}
	place(o, float32(x/scale), float32(y/scale), float32(w/scale), float32(h/scale))
	g.show(o, true)
	s := g.Size()
	covers := x <= 0 && y <= 0 && x+w >= float64(s.Width)*scale-1 && y+h >= float64(s.Height)*scale-1
	// A new picture is painted before the old one's rim is reached.
	reach := overscan * 0.35
	ample := x <= -reach*float64(s.Width)*scale && y <= -reach*float64(s.Height)*scale &&
		x+w >= (1+reach)*float64(s.Width)*scale && y+h >= (1+reach)*float64(s.Height)*scale
	if !sharp || !covers || (!ample && !g.pic.busy) {
		g.repaint()
	}
}

// repaint starts painting what the camera sees now. While a picture is being painted, a wish for another is remembered.
func (g *Graph) repaint() {
	s := g.Size()
	if g.painter == nil || s.Width < 1 || s.Height < 1 {
		return
	}
	if g.pic.busy {
		g.pic.again = true
		return
	}
	scale := g.pixelScale()
	w := int(math.Ceil(float64(s.Width) * scale * (1 + 2*overscan)))
	h := int(math.Ceil(float64(s.Height) * scale * (1 + 2*overscan)))
	if g.pic.back == nil || g.pic.back.Bounds().Dx() != w || g.pic.back.Bounds().Dy() != h {
		g.pic.back = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	view := paintView(g.cam, scale)
	view.X -= math.Round(overscan*float64(s.Width)*scale) / view.Zoom
	view.Y -= math.Round(overscan*float64(s.Height)*scale) / view.Zoom
	marks, painter, target := g.Marks(), g.painter, g.pic.back
	g.pic.busy, g.pic.again = true, false
	g.start(func() {
		painter.Paint(target, view, marks)
		g.do(func() { g.painted(painter, target, view, scale) })
	})
}

// painted exchanges the pictures.
func (g *Graph) painted(painter *graphpaint.Painter, img *image.RGBA, view graphpaint.View, scale float64) {
	g.pic.busy = false
	again := g.pic.again
	if painter == g.painter {
		g.pic.back, g.pic.front = g.pic.front, img
		g.pic.view, g.pic.scale, g.pic.painter = view, scale, painter
		g.parts.picture.Image = img
		g.parts.picture.Refresh()
		g.placePicture()
		if g.announce && !g.partial && g.OnDrawn != nil {
			g.announce = false
			g.frame(g.OnDrawn)
		}
	}
	if (again || painter != g.painter) && !g.pic.busy {
		g.repaint()
	}
}
