package charts

import (
	"fmt"
	"html"
	"io"
	"math"

	"github.com/golang/freetype/truetype"
	chart "github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

// Style is the size in pixels and the colours.
type Style struct {
	Width, Height int
	Dark          bool
	Scale         float64        // of text and lines; 1 for ordinary screens
	Font          *truetype.Font // nil: the one that comes with the drawing library
}

// Hit is the area of one mark, in pixels from the top left, with its tooltip.
type Hit struct {
	X0, Y0, X1, Y1 int
	Text           string
}

// Drawing is a chart that can be rendered in any style.
type Drawing interface {
	// Draw renders with r and returns the areas of the marks.
	Draw(r chart.Renderer, s Style) []Hit
}

// PNG writes d as a PNG picture.
func PNG(w io.Writer, d Drawing, s Style) ([]Hit, error) { return render(w, d, s, chart.PNG) }

// SVG writes d as an SVG document; texts are escaped.
func SVG(w io.Writer, d Drawing, s Style) ([]Hit, error) {
	return render(w, d, s, func(width, height int) (chart.Renderer, error) {
		r, err := chart.SVG(width, height)
		return escaper{r}, err
	})
}

// escaper makes a renderer write texts that a document can hold: go-chart's
// writes them as they are, and names come from model files.
type escaper struct{ chart.Renderer }

func (e escaper) Text(body string, x, y int) { e.Renderer.Text(html.EscapeString(body), x, y) }

func render(w io.Writer, d Drawing, s Style, provider chart.RendererProvider) ([]Hit, error) {
	s.Width, s.Height = max(s.Width, 160), max(s.Height, 80)
	if s.Scale <= 0 {
		s.Scale = 1
	}
	r, err := provider(s.Width, s.Height)
	if err != nil {
		return nil, fmt.Errorf("charts: %w", err)
	}
	font := s.Font
	if font == nil {
		if font, err = chart.GetDefaultFont(); err != nil {
			return nil, fmt.Errorf("charts: %w", err)
		}
	}
	r.SetFont(font)
	r.SetDPI(72)
	fillRect(r, 0, 0, s.Width, s.Height, s.palette().ground)
	hits := d.Draw(r, s)
	if err := r.Save(w); err != nil {
		return nil, fmt.Errorf("charts: %w", err)
	}
	return hits, nil
}

type palette struct {
	ground, text, muted, grid drawing.Color
}

func (s Style) palette() palette {
	if s.Dark {
		return palette{rgb(0x23262b), rgb(0xe4e7ec), rgb(0x9aa3b2), rgb(0x3a3f47)}
	}
	return palette{rgb(0xffffff), rgb(0x1d2330), rgb(0x5c6675), rgb(0xe3e7ed)}
}

func (s Style) px(v float64) int { return int(math.Round(v * s.Scale)) }

func rgb(v uint32) drawing.Color {
	return drawing.Color{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// series are colours that colour-blind people tell apart (Okabe and Ito), one
// for each target.
var series = map[string]drawing.Color{
	"source": rgb(0x7a8594), "onnx": rgb(0x0072b2), "openvino": rgb(0x009e73), "tflite": rgb(0xe69f00),
	"coreml": rgb(0xcc79a7), "tensorrt": rgb(0x76b900), "ncnn": rgb(0xd55e00),
}

// Color is the colour of a target's marks.
func Color(target string) drawing.Color {
	if c, ok := series[target]; ok {
		return c
	}
	return rgb(0x56b4e9)
}

func fillRect(r chart.Renderer, x0, y0, x1, y1 int, c drawing.Color) {
	r.SetFillColor(c)
	r.SetStrokeColor(c) // an SVG renderer strokes what it fills
	r.SetStrokeWidth(0)
	r.MoveTo(x0, y0)
	r.LineTo(x1, y0)
	r.LineTo(x1, y1)
	r.LineTo(x0, y1)
	r.Close()
	r.Fill()
}

func line(r chart.Renderer, x0, y0, x1, y1 int, width float64, c drawing.Color) {
	r.SetStrokeColor(c)
	r.SetStrokeWidth(width)
	r.MoveTo(x0, y0)
	r.LineTo(x1, y1)
	r.Stroke()
}

func text(r chart.Renderer, s string, x, y int, size float64, c drawing.Color) {
	r.SetFontSize(size)
	r.SetFontColor(c)
	r.Text(s, x, y)
}

func width(r chart.Renderer, s string, size float64) int {
	r.SetFontSize(size)
	return r.MeasureText(s).Width()
}

// fit shortens s with an ellipsis so that it is at most w pixels wide.
func fit(r chart.Renderer, s string, w int, size float64) string {
	if width(r, s, size) <= w {
		return s
	}
	runes := []rune(s)
	for n := len(runes) - 1; n > 0; n-- {
		if c := string(runes[:n]) + "…"; width(r, c, size) <= w {
			return c
		}
	}
	return "…"
}

// ticks gives about n round numbers from lo to hi, both included where round:
// steps of 1, 2 or 5 times a power of ten.
func ticks(lo, hi float64, n int) []float64 {
	if !(hi > lo) || math.IsInf(hi, 0) || math.IsInf(lo, 0) {
		return []float64{lo}
	}
	raw := (hi - lo) / float64(max(n, 1))
	mag := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * mag
	for _, m := range []float64{1, 2, 5} {
		if m*mag >= raw {
			step = m * mag
			break
		}
	}
	var out []float64
	for v := math.Ceil(lo/step-1e-9) * step; v <= hi+step*1e-9; v += step {
		out = append(out, v)
	}
	return out
}

// number prints with three significant digits and no exponent for ordinary
// sizes.
func number(v float64) string {
	a := math.Abs(v)
	switch {
	case v != v || math.IsInf(v, 0):
		return "–"
	case v == 0:
		return "0"
	case a >= 1e7 || a > 0 && a < 1e-4:
		return fmt.Sprintf("%.2e", v)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return trim(fmt.Sprintf("%.1f", v))
	case a >= 1:
		return trim(fmt.Sprintf("%.2f", v))
	}
	return trim(fmt.Sprintf("%.3g", v))
}

func trim(s string) string {
	for len(s) > 0 && s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if len(s) > 0 && s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}
