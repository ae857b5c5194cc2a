package graphpaint

import (
	"image"
	"image/color"
	"math"
)

// Heat colours nodes by a measured value, such as their share of the time or their error.
type Heat struct {
	// Title says what is shown, with its unit; Lo and Hi are the texts at the ends of the scale.
	Title, Lo, Hi string
	// Value holds for every node a number from 0 to 1, or NaN where there is none.
	Value []float32
}

// The scale runs from blue through grey to yellow with growing lightness, so that it can be told apart with any colour vision:
// in the manner of cividis (Nuñez, Anderton and Renslow, "Optimizing colormaps with consideration for color vision
// deficiency", 2018), but from a lighter blue that is seen on a dark ground too.
var ramp = [...]color.RGBA{
	rgb(43, 85, 158), rgb(70, 94, 138), rgb(95, 106, 126), rgb(121, 120, 120),
	rgb(149, 143, 120), rgb(180, 167, 111), rgb(213, 194, 92), rgb(254, 232, 56),
}

// Ramp is the colour of a value from 0 to 1.
func Ramp(t float32) color.RGBA {
	f := float64(min(max(t, 0), 1)) * float64(len(ramp)-1)
	i := min(int(f), len(ramp)-2)
	return mix(ramp[i], ramp[i+1], f-float64(i))
}

func (h *Heat) colour(node int) (color.RGBA, bool) {
	if node >= len(h.Value) || math.IsNaN(float64(h.Value[node])) {
		return color.RGBA{}, false
	}
	return Ramp(h.Value[node]), true
}

// Legend is a small picture that explains the colours of h; scale is the number of pixels to a unit of length.
func (p *Painter) Legend(h *Heat, scale float64) *image.RGBA {
	p.mu.Lock()
	defer p.mu.Unlock()
	const pad, barWidth, barHeight, size = 10.0, 200.0, 12.0, 12.0
	t := &p.drawing.fonts.face[regular]
	head := &p.drawing.fonts.face[bold]
	inner := max(barWidth, float64(head.width(h.Title, size)), float64(t.width(h.Lo, size)+t.width(h.Hi, size))+20)
	w, hgt := inner+2*pad, 2*pad+2*17+barHeight
	img := image.NewRGBA(image.Rect(0, 0, int(w*scale), int(hgt*scale)))
	p.r.aim(img)
	p.r.fill(0, 0, p.r.w, p.r.h, p.palette.Border)
	p.r.fill(1, 1, p.r.w-1, p.r.h-1, p.palette.Body)
	line := func(face int, s string, x, y float64, c color.RGBA) {
		if g := p.face(face, size*scale); g != nil {
			p.text(g, face, s, x*scale, nearest(y*scale), size*scale, c)
		}
	}
	line(bold, h.Title, pad, pad+10, p.palette.Text)
	x0, x1 := int(pad*scale), int((pad+inner)*scale)
	y0, y1 := int((pad+17)*scale), int((pad+17+barHeight)*scale)
	for x := x0; x < x1; x++ {
		p.r.fill(x, y0, x+1, y1, Ramp(float32(x-x0)/float32(max(x1-x0-1, 1))))
	}
	bottom := pad + 17 + barHeight + 13
	line(regular, h.Lo, pad, bottom, p.palette.Dim)
	line(regular, h.Hi, pad+inner-float64(t.width(h.Hi, size)), bottom, p.palette.Dim)
	return img
}
