package charts

import (
	"math"

	chart "github.com/wcharczuk/go-chart/v2"
)

// Point is one mark of a scatter plot. YLo and YHi, where YHi > YLo, are an
// interval.
type Point struct {
	Label, Target string
	X, Y          float64
	YLo, YHi      float64
}

// Scatter plots Y against X; both axes have round ticks and room at the ends.
type Scatter struct {
	Title, XName, YName string
	PercentY            bool
	Points              []Point
	Empty               string
}

var _ Drawing = Scatter{}

// Draw implements Drawing.
func (c Scatter) Draw(r chart.Renderer, s Style) []Hit {
	p := s.palette()
	big, normal, small := 14*s.Scale, 12*s.Scale, 10.5*s.Scale
	pad := s.px(14)
	text(r, fit(r, c.Title, s.Width-2*pad, big), pad, s.px(24), big, p.text)
	if len(c.Points) == 0 {
		text(r, fit(r, c.Empty, s.Width-2*pad, normal), pad, s.px(58), normal, p.muted)
		return nil
	}
	yName := b2s(c.PercentY, c.YName+" (%)", c.YName)
	text(r, yName, pad, s.px(44), small, p.muted)
	left, right, top, bottom := s.px(58), s.Width-s.px(20), s.px(54), s.Height-s.px(46)
	xlo, xhi, ylo, yhi := c.bounds()
	at := func(x, y float64) (int, int) {
		return left + int(clamp((x-xlo)/(xhi-xlo))*float64(right-left)), bottom - int(clamp((y-ylo)/(yhi-ylo))*float64(bottom-top))
	}
	for _, t := range ticks(xlo, xhi, max(2, (right-left)/s.px(80))) {
		x, _ := at(t, ylo)
		line(r, x, top, x, bottom, s.Scale, p.grid)
		l := number(t)
		text(r, l, x-width(r, l, small)/2, bottom+s.px(16), small, p.muted)
	}
	for _, t := range ticks(ylo, yhi, max(2, (bottom-top)/s.px(45))) {
		_, y := at(xlo, t)
		line(r, left, y, right, y, s.Scale, p.grid)
		l := number(t)
		if c.PercentY {
			l = number(t * 100)
		}
		text(r, l, left-width(r, l, small)-s.px(7), y+s.px(4), small, p.muted)
	}
	text(r, c.XName, left+(right-left-width(r, c.XName, small))/2, s.Height-s.px(10), small, p.muted)
	var hits []Hit
	var taken []Hit
	for _, q := range c.Points {
		x, y := at(q.X, q.Y)
		col := Color(q.Target)
		if q.YHi > q.YLo {
			_, y0 := at(q.X, q.YLo)
			_, y1 := at(q.X, q.YHi)
			faint := col
			faint.A = 120
			line(r, x, y0, x, y1, s.Scale, faint)
		}
		r.SetFillColor(col)
		r.SetStrokeColor(p.ground)
		r.SetStrokeWidth(1.5 * s.Scale)
		r.Circle(5*s.Scale, x, y)
		r.FillStroke()
		n := s.px(8)
		hits = append(hits, Hit{x - n, y - n, x + n, y + n, c.tip(q)})
		taken = append(taken, Hit{X0: x - n, Y0: y - n, X1: x + n, Y1: y + n})
	}
	// Labels go right, left, above or below their mark, where there is room.
	for i, q := range c.Points {
		x, y := at(q.X, q.Y)
		w, h := width(r, q.Label, small), s.px(12)
		for _, o := range [][2]int{{s.px(9), s.px(4)}, {-w - s.px(9), s.px(4)}, {-w / 2, -s.px(10)}, {-w / 2, s.px(20)}} {
			box := Hit{X0: x + o[0], Y0: y + o[1] - h, X1: x + o[0] + w, Y1: y + o[1] + 2}
			if box.X0 < left || box.X1 > s.Width || box.Y0 < top-s.px(6) || box.Y1 > bottom || overlaps(box, taken, i) {
				continue
			}
			text(r, q.Label, box.X0, y+o[1], small, p.text)
			taken = append(taken, box)
			break
		}
	}
	return hits
}

func b2s(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// overlaps reports whether a covers one of all but the mark of its own.
func overlaps(a Hit, all []Hit, own int) bool {
	for i, b := range all {
		if i != own && a.X0 < b.X1 && b.X0 < a.X1 && a.Y0 < b.Y1 && b.Y0 < a.Y1 {
			return true
		}
	}
	return false
}

// bounds are the axes' ends: X from 0, Y around the points with a margin; one
// point or equal values still give an axis.
func (c Scatter) bounds() (xlo, xhi, ylo, yhi float64) {
	ylo, yhi = math.Inf(1), math.Inf(-1)
	for _, q := range c.Points {
		xhi = math.Max(xhi, q.X)
		ylo, yhi = math.Min(ylo, q.Y), math.Max(yhi, q.Y)
		if q.YHi > q.YLo {
			ylo, yhi = math.Min(ylo, q.YLo), math.Max(yhi, q.YHi)
		}
	}
	if xhi <= 0 {
		xhi = 1
	}
	xhi *= 1.12
	m := (yhi - ylo) * 0.12
	if m == 0 {
		m = math.Max(math.Abs(yhi)*0.1, 0.01)
	}
	ylo, yhi = ylo-m, yhi+m
	if c.PercentY {
		ylo, yhi = math.Max(0, ylo), math.Min(1.02, yhi)
		if yhi <= ylo {
			ylo = yhi - 0.05
		}
	}
	return 0, xhi, ylo, yhi
}

func (c Scatter) tip(q Point) string {
	y := number(q.Y)
	if c.PercentY {
		y = number(q.Y*100) + " %"
	}
	return q.Label + ": " + number(q.X) + " " + c.XName + ", " + y + " " + c.YName
}
