package graphpaint

import (
	"image"
	"image/color"
	"math"
)

// raster writes into the pixels of an image. All its methods clip to the image.
type raster struct {
	pix    []uint8
	stride int
	w, h   int
	// corners holds the coverage of the upper left corner of a rounded box, by radius.
	corners [maxRadius + 1][]uint8
}

const maxRadius = 24

// aim makes dst the target of the following calls.
func (r *raster) aim(dst *image.RGBA) {
	b := dst.Bounds()
	r.pix, r.stride, r.w, r.h = nil, dst.Stride, b.Dx(), b.Dy()
	if r.w > 0 && r.h > 0 {
		r.pix = dst.Pix[dst.PixOffset(b.Min.X, b.Min.Y):]
	}
}

// fill paints the pixels from (x0, y0) to (x1, y1), exclusive.
func (r *raster) fill(x0, y0, x1, y1 int, c color.RGBA) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, r.w), min(y1, r.h)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	n := (x1 - x0) * 4
	first := r.pix[y0*r.stride+x0*4:]
	first[0], first[1], first[2], first[3] = c.R, c.G, c.B, 255
	for done := 4; done < n; done *= 2 {
		copy(first[done:n], first[:done])
	}
	for y := y0 + 1; y < y1; y++ {
		copy(r.pix[y*r.stride+x0*4:y*r.stride+x0*4+n], first[:n])
	}
}

// blend lays c with coverage a (0…255) over the pixel (x, y), which must lie inside.
func (r *raster) blend(x, y int, c color.RGBA, a uint32) {
	p := r.pix[y*r.stride+x*4:][:4:4]
	if a >= 255 {
		p[0], p[1], p[2], p[3] = c.R, c.G, c.B, 255
		return
	}
	b := 255 - a
	p[0] = uint8((uint32(p[0])*b + uint32(c.R)*a + 127) / 255)
	p[1] = uint8((uint32(p[1])*b + uint32(c.G)*a + 127) / 255)
	p[2] = uint8((uint32(p[2])*b + uint32(c.B)*a + 127) / 255)
}

// veil lays c with coverage a over the pixels from (x0, y0) to (x1, y1), exclusive.
func (r *raster) veil(x0, y0, x1, y1 int, c color.RGBA, a uint32) {
	for y := max(y0, 0); y < min(y1, r.h); y++ {
		for x := max(x0, 0); x < min(x1, r.w); x++ {
			r.blend(x, y, c, a)
		}
	}
}

func (r *raster) corner(radius int) []uint8 {
	if m := r.corners[radius]; m != nil {
		return m
	}
	const sub = 8
	m := make([]uint8, radius*radius)
	limit := float64(radius) * float64(radius)
	for y := range radius {
		for x := range radius {
			in := 0
			for sy := range sub {
				for sx := range sub {
					dx := float64(radius) - (float64(x) + (float64(sx)+0.5)/sub)
					dy := float64(radius) - (float64(y) + (float64(sy)+0.5)/sub)
					if dx*dx+dy*dy <= limit {
						in++
					}
				}
			}
			m[y*radius+x] = uint8(in * 255 / (sub * sub))
		}
	}
	r.corners[radius] = m
	return m
}

// Which corners of a box are round.
const (
	roundTop = 1 << iota
	roundBottom
	roundAll = roundTop | roundBottom
)

// round fills a box with rounded corners.
func (r *raster) round(x0, y0, x1, y1, radius, which int, c color.RGBA) {
	radius = min(radius, maxRadius, (x1-x0)/2)
	if which == roundAll {
		radius = min(radius, (y1-y0)/2)
	} else {
		radius = min(radius, y1-y0)
	}
	if radius <= 0 {
		r.fill(x0, y0, x1, y1, c)
		return
	}
	if x1 <= 0 || y1 <= 0 || x0 >= r.w || y0 >= r.h {
		return
	}
	top, bottom := y0, y1
	mask := r.corner(radius)
	if which&roundTop != 0 {
		top += radius
		r.fill(x0+radius, y0, x1-radius, top, c)
	}
	if which&roundBottom != 0 {
		bottom -= radius
		r.fill(x0+radius, bottom, x1-radius, y1, c)
	}
	r.fill(x0, top, x1, bottom, c)
	for y := range radius {
		for x := range radius {
			a := uint32(mask[y*radius+x])
			if a == 0 {
				continue
			}
			if which&roundTop != 0 {
				r.dot(x0+x, y0+y, c, a)
				r.dot(x1-1-x, y0+y, c, a)
			}
			if which&roundBottom != 0 {
				r.dot(x0+x, y1-1-y, c, a)
				r.dot(x1-1-x, y1-1-y, c, a)
			}
		}
	}
}

// dot is blend for a pixel that may lie outside.
func (r *raster) dot(x, y int, c color.RGBA, a uint32) {
	if x >= 0 && y >= 0 && x < r.w && y < r.h {
		r.blend(x, y, c, a)
	}
}

// line draws from (x0, y0) to (x1, y1) with the given width in pixels and coverage a (0…255). The coverage of a pixel is
// exact across the line's main direction.
func (r *raster) line(x0, y0, x1, y1, width float64, c color.RGBA, a uint32) {
	pad := width + 1
	if max(x0, x1) < -pad || max(y0, y1) < -pad || min(x0, x1) > float64(r.w)+pad || min(y0, y1) > float64(r.h)+pad {
		return
	}
	dx, dy := x1-x0, y1-y0
	// Not at 45° exactly: pieces of symmetric curves have that slope up to rounding, and would fall on either side.
	steep := math.Abs(dy) > 0.99*math.Abs(dx)
	limit, side := r.w, r.h
	if steep {
		x0, y0, x1, y1, dx, dy = y0, x0, y1, x1, dy, dx
		limit, side = r.h, r.w
	}
	if dx == 0 {
		return
	}
	if x0 > x1 {
		x0, y0, x1 = x1, y1, x0
	}
	slope := dy / dx
	half := width / 2 * math.Sqrt(1+slope*slope)
	from, to := max(int(math.Floor(x0)), 0), min(int(math.Ceil(x1)), limit)
	for i := from; i < to; i++ {
		cover := min(x1, float64(i+1)) - max(x0, float64(i))
		mid := y0 + (float64(i)+0.5-x0)*slope
		lo, hi := mid-half, mid+half
		first, last := max(int(math.Floor(lo)), 0), min(int(math.Ceil(hi)), side)
		for j := first; j < last; j++ {
			v := (min(hi, float64(j+1)) - max(lo, float64(j))) * cover
			k := uint32(v*float64(a) + 0.5)
			if k == 0 {
				continue
			}
			if steep {
				r.blend(j, i, c, k)
			} else {
				r.blend(i, j, c, k)
			}
		}
	}
}

// triangle fills the triangle with the given corners, smoothing its sides.
func (r *raster) triangle(p [3][2]float64, c color.RGBA) {
	loY, hiY := min(p[0][1], p[1][1], p[2][1]), max(p[0][1], p[1][1], p[2][1])
	loX, hiX := min(p[0][0], p[1][0], p[2][0]), max(p[0][0], p[1][0], p[2][0])
	x0, x1 := max(int(math.Floor(loX)), 0), min(int(math.Ceil(hiX)), r.w)
	y0, y1 := max(int(math.Floor(loY)), 0), min(int(math.Ceil(hiY)), r.h)
	const sub = 4
	const off = 0.503 // not 0.5: there, sides of round measures would pass exactly through the samples
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			in := 0
			for s := range sub * sub {
				px, py := float64(x)+(float64(s%sub)+off)/sub, float64(y)+(float64(s/sub)+off)/sub
				if inside(p, px, py) {
					in++
				}
			}
			if in > 0 {
				r.blend(x, y, c, uint32(in*255/(sub*sub)))
			}
		}
	}
}

func inside(p [3][2]float64, x, y float64) bool {
	neg, pos := false, false
	for i := range 3 {
		a, b := p[i], p[(i+1)%3]
		d := (b[0]-a[0])*(y-a[1]) - (b[1]-a[1])*(x-a[0])
		neg, pos = neg || d < 0, pos || d > 0
	}
	return !(neg && pos)
}

// mask lays the coverage of a glyph over the image, its upper left corner at (x, y).
func (r *raster) mask(g *glyph, x, y int, c color.RGBA) {
	fromX, toX := max(0, -x), min(g.w, r.w-x)
	fromY, toY := max(0, -y), min(g.h, r.h-y)
	for j := fromY; j < toY; j++ {
		row := g.alpha[j*g.w : (j+1)*g.w]
		for i := fromX; i < toX; i++ {
			if a := row[i]; a != 0 {
				r.blend(x+i, y+j, c, uint32(a))
			}
		}
	}
}

// nearest rounds to a whole pixel, halves always up: math.Round would make pictures depend on where their corner lies.
func nearest(x float64) int { return int(math.Floor(x + 0.5)) }
