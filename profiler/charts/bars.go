package charts

import (
	"math"
	"slices"

	chart "github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

// Bar is one row. Mark, where set, is a second value drawn as a thin line, such
// as a 99th percentile; Lo and Hi, where Hi > Lo, an interval.
type Bar struct {
	Label, Sub string // "tflite int8", "LiteRT"
	Target     string // chooses the colour
	Value      float64
	Mark       float64
	Lo, Hi     float64
	Tip        string // tooltip; "": made from the numbers
}

// Bars is a chart of horizontal bars that start at 0.
type Bars struct {
	Title, Note string
	Unit        string
	Percent     bool // values are 0..1 and the axis ends at 100 %
	Bars        []Bar
	MarkName    string // what Mark is: "p99"
	Empty       string // said where there are no bars
}

var _ Drawing = Bars{}

// RowHeight is the height in pixels that a bar takes at scale 1.
const RowHeight = 34

// EmptyHeight is the height at scale 1 of a chart that has nothing but a line
// of text to show.
const EmptyHeight = 78

// Height is the height that the chart needs at scale 1.
func (b Bars) Height() int {
	if len(b.Bars) == 0 {
		return EmptyHeight
	}
	return 78 + RowHeight*max(len(b.Bars), 2)
}

// InBytes is b, whose values are bytes, in the unit that suits the largest of them:
// MB, or a smaller one.
func (b Bars) InBytes() Bars {
	top := 0.0
	for _, x := range b.Bars {
		top = max(top, x.Value)
	}
	by := 1e6
	switch b.Unit = "MB"; {
	case len(b.Bars) == 0 || top >= 1e5:
	case top >= 1e3:
		b.Unit, by = "kB", 1e3
	default:
		b.Unit, by = "B", 1
	}
	b.Bars = slices.Clone(b.Bars)
	for i := range b.Bars {
		b.Bars[i].Value /= by
	}
	return b
}

// Draw implements Drawing.
func (b Bars) Draw(r chart.Renderer, s Style) []Hit {
	p := s.palette()
	big, normal, small := 14*s.Scale, 12*s.Scale, 10.5*s.Scale
	pad := s.px(14)
	text(r, fit(r, b.Title, s.Width-2*pad, big), pad, s.px(24), big, p.text)
	if b.Note != "" {
		x := pad + width(r, b.Title, big) + s.px(12)
		text(r, fit(r, b.Note, s.Width-x-pad, small), x, s.px(24), small, p.muted)
	}
	if len(b.Bars) == 0 {
		text(r, fit(r, b.Empty, s.Width-2*pad, normal), pad, s.px(58), normal, p.muted)
		return nil
	}
	left := 0
	for _, x := range b.Bars {
		left = max(left, width(r, x.Label, normal), width(r, x.Sub, small))
	}
	left = min(left, s.Width*2/5) + 2*pad
	hi, room := b.limit(), 92.0
	for _, x := range b.Bars {
		if x.Mark > hi {
			room = 138 // the mark's value stands beside the bar's
		}
	}
	right := s.Width - s.px(room)
	top, bottom := s.px(40), s.Height-s.px(30)
	at := func(v float64) int { return left + int(math.Round(clamp(v/hi)*float64(right-left))) }
	for _, t := range ticks(0, hi, max(2, (right-left)/s.px(64))) {
		line(r, at(t), top, at(t), bottom, s.Scale, p.grid)
		l := b.format(t)
		text(r, l, at(t)-width(r, l, small)/2, bottom+s.px(15), small, p.muted)
	}
	row := float64(bottom-top) / float64(len(b.Bars))
	thick := int(math.Min(row*0.55, 20*s.Scale))
	var hits []Hit
	for i, x := range b.Bars {
		mid := top + int(row*(float64(i)+0.5))
		y0, y1 := mid-thick/2, mid+(thick+1)/2
		ly := mid + s.px(4)
		if x.Sub != "" {
			ly = mid - s.px(2)
			text(r, fit(r, x.Sub, left-2*pad, small), pad, mid+s.px(11), small, p.muted)
		}
		text(r, fit(r, x.Label, left-2*pad, normal), pad, ly, normal, p.text)
		c := Color(x.Target)
		end := left
		if x.Value == x.Value && !math.IsInf(x.Value, 0) {
			fillRect(r, left, y0, max(at(x.Value), left+1), y1, c)
			end = at(x.Value)
		}
		if x.Hi > x.Lo {
			interval(r, at(x.Lo), at(x.Hi), mid, thick/2, s.Scale, p.text)
			end = max(end, at(x.Hi))
		}
		if x.Mark > 0 {
			m := at(math.Min(x.Mark, hi))
			line(r, at(x.Value), mid, m, mid, s.Scale, c)
			line(r, m, y0+2, m, y1-2, 2*s.Scale, c)
			end = max(end, m)
		}
		label := b.format(x.Value) + suffix(b.Unit, b.Percent)
		if x.Mark > hi {
			label += " … " + b.MarkName + " " + b.format(x.Mark)
		}
		text(r, label, end+s.px(7), mid+s.px(4), normal, p.text)
		hits = append(hits, Hit{0, top + int(row*float64(i)), s.Width, top + int(row*float64(i+1)), b.tip(x)})
	}
	return hits
}

func suffix(unit string, percent bool) string {
	if percent || unit == "" {
		return ""
	}
	return " " + unit
}

// farMark is how many times the largest value a mark may be without being cut:
// one stall of the machine must not squeeze all bars.
const farMark = 1.5

// limit is the end of the axis, a little beyond the largest value or mark.
func (b Bars) limit() float64 {
	if b.Percent {
		return 1
	}
	hi, mark := 0.0, 0.0
	for _, x := range b.Bars {
		for _, v := range []float64{x.Value, x.Hi} {
			if v == v && !math.IsInf(v, 0) {
				hi = math.Max(hi, v)
			}
		}
		if !math.IsInf(x.Mark, 0) {
			mark = math.Max(mark, x.Mark)
		}
	}
	hi = math.Max(hi, math.Min(mark, farMark*hi))
	if hi == 0 {
		return 1
	}
	return hi * 1.04
}

func (b Bars) format(v float64) string {
	if b.Percent {
		if v != v || v < 0 {
			return "–"
		}
		return number(v*100) + " %"
	}
	return number(v)
}

func (b Bars) tip(x Bar) string {
	if x.Tip != "" {
		return x.Tip
	}
	t := x.Label
	if x.Sub != "" {
		t += ", " + x.Sub
	}
	t += ": " + b.format(x.Value) + suffix(b.Unit, b.Percent)
	if x.Hi > x.Lo {
		t += " (95 %: " + b.format(x.Lo) + " to " + b.format(x.Hi) + ")"
	}
	if x.Mark > 0 && b.MarkName != "" {
		t += ", " + b.MarkName + " " + b.format(x.Mark) + suffix(b.Unit, b.Percent)
	}
	return t
}

// interval draws a horizontal whisker.
func interval(r chart.Renderer, x0, x1, y, h int, w float64, c drawing.Color) {
	line(r, x0, y, x1, y, w, c)
	line(r, x0, y-h/2, x0, y+h/2, w, c)
	line(r, x1, y-h/2, x1, y+h/2, w, c)
}

func clamp(v float64) float64 {
	if v != v {
		return 0
	}
	return math.Max(0, math.Min(1, v))
}
