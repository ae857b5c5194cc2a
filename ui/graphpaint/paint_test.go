package graphpaint

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"slipway/ui/graphlayout"
)

func picture(p *Painter, w, h int, v View, m Marks) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	p.Paint(img, v, m)
	return img
}

// at is the colour of the pixel that shows q.
func at(img *image.RGBA, v View, q graphlayout.Point) color.RGBA {
	return img.RGBAAt(int((float64(q.X)-v.X)*v.Zoom), int((float64(q.Y)-v.Y)*v.Zoom))
}

// inBox is a place in the header of node i that holds no text.
func inBox(d *Drawing, i int) graphlayout.Point {
	r := d.NodeRect(i)
	return graphlayout.Point{X: (r.Min.X + r.Max.X) / 2, Y: r.Min.Y + 5}
}

func TestPaintShowsEveryNodeInItsColour(t *testing.T) {
	for _, dir := range []graphlayout.Direction{graphlayout.Vertical, graphlayout.Horizontal} {
		d := arranged(t, resNetScene(60), Options{Direction: dir})
		pal := Light()
		p := NewPainter(d, pal)
		for _, zoom := range []float64{0.05, 0.2, 0.3, 0.7, 1, 2.5} {
			for i := range d.Scene.Nodes {
				r := d.NodeRect(i)
				v := View{X: float64(r.Min.X) - 20, Y: float64(r.Min.Y) - 20, Zoom: zoom}
				got := at(picture(p, 600, 400, v, NoMarks), v, inBox(d, i))
				want := pal.Header[d.Scene.Nodes[i].Class]
				if d.Scene.Nodes[i].Class == Port && zoom >= minBox {
					want = pal.Port
				}
				if got != want && zoom > 0.1 {
					t.Errorf("direction %d zoom %g node %d (%s): colour %v, want %v", dir, zoom, i, d.Scene.Nodes[i].Title, got, want)
				}
				if got == pal.Canvas {
					t.Errorf("direction %d zoom %g node %d is not there", dir, zoom, i)
				}
			}
		}
	}
}

// What is painted does not depend on how the picture is cut.
func TestPaintInTilesEqualsPaintAtOnce(t *testing.T) {
	d := arranged(t, resNetScene(60), Options{})
	p := NewPainter(d, Dark())
	for _, zoom := range []float64{0.125, 0.5, 1} {
		m := Marks{Selected: 2, Found: []int{5}}
		whole := picture(p, 512, 512, View{X: -64, Y: -64, Zoom: zoom}, m)
		for ty := range 4 {
			for tx := range 4 {
				tile := picture(p, 128, 128, View{X: -64 + float64(tx)*128/zoom, Y: -64 + float64(ty)*128/zoom, Zoom: zoom}, m)
				for y := range 128 {
					for x := range 128 {
						if a, b := tile.RGBAAt(x, y), whole.RGBAAt(tx*128+x, ty*128+y); a != b {
							t.Fatalf("zoom %g tile (%d,%d) pixel (%d,%d): %v, in the whole %v", zoom, tx, ty, x, y, a, b)
						}
					}
				}
			}
		}
	}
}

// A picture of any size at any place, sub-images included, leaves no pixel unpainted and none outside touched.
func TestPaintStaysInside(t *testing.T) {
	d := arranged(t, resNetScene(40), Options{})
	p := NewPainter(d, Light())
	for _, v := range []View{{0, 0, 1}, {-1e9, 1e9, 1}, {50, 50, 40}, {0, 0, 1e-6}, {0, 0, 0}, {0, 0, math.NaN()}, {math.NaN(), 0, 1}, {0, 0, math.Inf(1)}} {
		for _, size := range []image.Point{{0, 0}, {1, 1}, {3, 200}, {200, 3}} {
			big := image.NewRGBA(image.Rect(0, 0, 220, 220))
			sub := big.SubImage(image.Rect(10, 10, 10+size.X, 10+size.Y)).(*image.RGBA)
			p.Paint(sub, v, Marks{Selected: 1, Found: []int{-1, 2, 1e6}})
			for y := range 220 {
				for x := range 220 {
					in := image.Pt(x, y).In(sub.Bounds())
					if painted := big.RGBAAt(x, y).A == 255; painted != in {
						t.Fatalf("view %v size %v: pixel (%d,%d) painted %v", v, size, x, y, painted)
					}
				}
			}
		}
	}
}

func TestMarks(t *testing.T) {
	d := arranged(t, resNetScene(40), Options{})
	pal := Light()
	p := NewPainter(d, pal)
	v := View{X: -100, Y: -20, Zoom: 1}
	count := func(m Marks, c color.RGBA) int {
		n := 0
		img := picture(p, 600, 700, v, m)
		for y := range 700 {
			for x := range 600 {
				if img.RGBAAt(x, y) == c {
					n++
				}
			}
		}
		return n
	}
	if count(NoMarks, pal.Accent) != 0 || count(Marks{Selected: 2}, pal.Accent) == 0 {
		t.Error("the lines of a selected node are not in the accent colour, or those of none are")
	}
	if count(NoMarks, pal.Found) != 0 || count(Marks{Selected: -1, Found: []int{2}}, pal.Found) == 0 {
		t.Error("a node found has no frame, or one not found has")
	}
	heat := &Heat{Value: make([]float32, len(d.Scene.Nodes))}
	for i := range heat.Value {
		heat.Value[i] = 1
	}
	heat.Value[1] = float32(math.NaN())
	m := Marks{Selected: -1, Heat: heat}
	if got := at(picture(p, 600, 700, v, m), v, inBox(d, 2)); got != Ramp(1) {
		t.Errorf("a node of value 1 has the colour %v, want %v", got, Ramp(1))
	}
	if got := at(picture(p, 600, 700, v, m), v, inBox(d, 1)); got != pal.NoHeat {
		t.Errorf("a node without a value has the colour %v, want %v", got, pal.NoHeat)
	}
	if img := p.Legend(heat, 2); img.Bounds().Dx() < 400 {
		t.Errorf("the legend at scale 2 is %v", img.Bounds())
	}
}

func TestNearest(t *testing.T) {
	for x, want := range map[float64]int{-1.5: -1, -0.5: 0, -0.4: 0, 0.4: 0, 0.5: 1, 1.5: 2} {
		if got := nearest(x); got != want {
			t.Errorf("nearest(%g) = %d, want %d", x, got, want)
		}
	}
}

// Of labels that would lie on each other some are left out.
func TestLabelsDoNotOverlap(t *testing.T) {
	var s Scene
	s.Nodes = append(s.Nodes, Node{Title: "Split"})
	for i := range 12 {
		s.Nodes = append(s.Nodes, Node{Title: "A"})
		s.Edges = append(s.Edges, Edge{To: i + 1, Source: i, Label: "batch×sequence×hidden_size"})
	}
	checkLabels(t, arranged(t, s, Options{}), 3, 11)
	checkLabels(t, arranged(t, resNetScene(60), Options{}), 50, 60)
}

func checkLabels(t *testing.T, d *Drawing, least, most int) {
	t.Helper()
	if n := len(d.labels); n < least || n > most {
		t.Errorf("%d labels, want %d to %d", n, least, most)
	}
	for a := range d.labels {
		for b := range a {
			if overlaps(d.labels[a].box(), d.labels[b].box()) {
				t.Errorf("labels %q and %q overlap", d.labels[a].text, d.labels[b].text)
			}
		}
		for _, i := range d.NodesIn(d.labels[a].box()) {
			t.Errorf("label %q covers node %d", d.labels[a].text, i)
		}
	}
}

func TestDrawing(t *testing.T) {
	d := arranged(t, resNetScene(60), Options{})
	for i := range d.Scene.Nodes {
		r := d.NodeRect(i)
		if got := d.NodeAt(graphlayout.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}); got != i {
			t.Errorf("at the middle of node %d lies %d", i, got)
		}
		if got := d.NodeAt(graphlayout.Point{X: r.Max.X + 2, Y: r.Max.Y + 2}); got == i {
			t.Errorf("node %d reaches beyond its corner", i)
		}
		if d.Index(d.Scene.Nodes[i].ID) != i {
			t.Errorf("node %d is not found by its ID", i)
		}
		for _, s := range d.Successors(i) {
			back := false
			for _, q := range d.Predecessors(s) {
				back = back || q == i
			}
			if !back {
				t.Errorf("node %d follows %d, which does not precede it", s, i)
			}
		}
	}
	if d.NodeAt(graphlayout.Point{X: -50, Y: -50}) != -1 || d.Index("nobody") != -1 {
		t.Error("something lies where nothing is")
	}
	if all := d.NodesIn(d.Bounds()); len(all) != len(d.Scene.Nodes) {
		t.Errorf("%d of %d nodes lie in the bounds", len(all), len(d.Scene.Nodes))
	}
	for _, i := range d.NodesIn(d.NodeRect(7)) {
		if !overlaps(d.NodeRect(i), d.NodeRect(7)) {
			t.Errorf("node %d does not lie in the place of node 7", i)
		}
	}
}

func TestTextFitsItsBox(t *testing.T) {
	long := strings.Repeat("a very long name\n", 40)
	rows := make([]Row, 30)
	for i := range rows {
		rows[i] = Row{long, long}
	}
	d := arranged(t, Scene{Nodes: []Node{{Title: long, Rows: rows}, {Title: "日本語 ∑ 😀", Rows: rows[:1]}, {}}}, Options{})
	for i := range d.Scene.Nodes {
		r := d.NodeRect(i)
		if w := d.fonts.face[bold].width(d.title[i], titleSize) + 2*sidePad; w > r.W() {
			t.Errorf("node %d: title of width %g in a box of width %g", i, w, r.W())
		}
		for _, row := range d.rows[i] {
			if w := d.nameWidth(d.rows[i]) + d.fonts.face[regular].width(row.Value, rowSize) + 2*sidePad; w > r.W() {
				t.Errorf("node %d: row of width %g in a box of width %g", i, w, r.W())
			}
		}
		if r.W() > 500 || r.H() > 300 {
			t.Errorf("node %d is %g×%g", i, r.W(), r.H())
		}
	}
	if got := d.title[0]; !strings.HasPrefix(got, "a very") || !strings.Contains(got, "…") || strings.Contains(got, "\n") {
		t.Errorf("a long title became %q", got)
	}
	if last := d.rows[0][len(d.rows[0])-1]; last.Value != "23 more" {
		t.Errorf("30 rows end in %v", last)
	}
}

func TestFirst(t *testing.T) {
	s := resNetScene(300)
	d, nodes, err := First(context.Background(), s, 50, Options{})
	if err != nil || len(nodes) != 50 || len(d.Scene.Nodes) != 50 {
		t.Fatalf("%d nodes, error %v", len(nodes), err)
	}
	for i, v := range nodes {
		if d.Scene.Nodes[i].ID != s.Nodes[v].ID {
			t.Errorf("node %d is %s, want %s", i, d.Scene.Nodes[i].ID, s.Nodes[v].ID)
		}
	}
}

func TestMalformedScene(t *testing.T) {
	s := Scene{Nodes: make([]Node, 1), Edges: []Edge{{To: 3}}}
	if _, err := Arrange(context.Background(), s, Options{}); !errors.Is(err, graphlayout.ErrGraph) {
		t.Errorf("Arrange: %v", err)
	}
	if d, _, err := First(context.Background(), s, 5, Options{}); err == nil && len(d.Scene.Nodes) != 0 {
		t.Error("First shows nodes of a malformed scene")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Arrange(ctx, resNetScene(40), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Arrange after its context ended: %v", err)
	}
	if _, err := NewFonts([]byte("no font"), nil); err == nil {
		t.Error("NewFonts took what is no font")
	}
}

func TestMinimap(t *testing.T) {
	for _, n := range []int{20, 400} {
		d := arranged(t, resNetScene(n), Options{})
		m := NewPainter(d, Light()).Minimap(160, 220, Marks{Selected: -1, Found: []int{3}})
		if b := m.Image.Bounds(); b.Dx() > 160 || b.Dy() > 220 || b.Dx() < 20 {
			t.Errorf("%d nodes: minimap of %v", n, b)
		}
		want := graphlayout.Point{X: 40, Y: 90}
		got := m.Place(m.Point(want))
		if math.Abs(float64(got.X-want.X)) > 0.1 || math.Abs(float64(got.Y-want.Y)) > 0.1 {
			t.Errorf("the place %v comes back as %v", want, got)
		}
	}
}

func TestWritePNG(t *testing.T) {
	d := arranged(t, resNetScene(40), Options{})
	p := NewPainter(d, Light())
	var buf bytes.Buffer
	if err := p.WritePNG(context.Background(), &buf, 1, NoMarks); err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(&buf)
	if err != nil {
		t.Fatalf("the picture cannot be read: %v", err)
	}
	b := got.Bounds()
	want := picture(p, b.Dx(), b.Dy(), View{X: -exportMargin, Y: -exportMargin, Zoom: 1}, NoMarks)
	for y := range b.Dy() {
		for x := range b.Dx() {
			if color.RGBAModel.Convert(got.At(x, y)) != want.RGBAAt(x, y) {
				t.Fatalf("pixel (%d,%d): %v, want %v", x, y, got.At(x, y), want.At(x, y))
			}
		}
	}
	for _, zoom := range []float64{0, -1, math.NaN(), 1e9} {
		if err := p.WritePNG(context.Background(), io.Discard, zoom, NoMarks); !errors.Is(err, ErrExport) {
			t.Errorf("zoom %g: %v", zoom, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.WritePNG(ctx, io.Discard, 1, NoMarks); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %v", err)
	}
}

func TestWriteSVG(t *testing.T) {
	s := resNetScene(40)
	s.Nodes[1].Title = "a<b>&\"\x01"
	p := NewPainter(arranged(t, s, Options{}), Dark())
	var buf bytes.Buffer
	if err := p.WriteSVG(context.Background(), &buf, Marks{Selected: -1, Found: []int{2}}); err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(&buf)
	paths, texts := 0, 0
	seen := false
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "path":
				paths++
			case "text":
				texts++
			}
		case xml.CharData:
			seen = seen || string(e) == "a<b>&\"\uFFFD"
		}
	}
	if paths < len(s.Edges) || texts < len(s.Nodes) || !seen {
		t.Errorf("%d paths for %d edges, %d texts for %d nodes, odd title seen %v", paths, len(s.Edges), texts, len(s.Nodes), seen)
	}
}

// Black on white or white on black: every header can be read.
func TestContrast(t *testing.T) {
	ratio := func(a, b color.RGBA) float64 {
		x, y := luminance(a), luminance(b)
		return (max(x, y) + 0.05) / (min(x, y) + 0.05)
	}
	for name, pal := range map[string]Palette{"light": Light(), "dark": Dark()} {
		p := NewPainter(arranged(t, Scene{}, Options{}), pal)
		check := func(what string, a, b color.RGBA, least float64) {
			if r := ratio(a, b); r < least {
				t.Errorf("%s: %s: contrast %.2f, want %.1f", name, what, r, least)
			}
		}
		for c := range classes {
			if c != Port {
				check(c.String(), p.shade[c].fill, p.shade[c].text, 4.5)
			}
		}
		check("text", pal.Text, pal.Body, 7)
		check("port", pal.Text, pal.Port, 7)
		check("row name", pal.Dim, pal.Body, 4.5)
		check("label", pal.Dim, pal.Canvas, 4.5)
		check("edge", pal.Edge, pal.Canvas, 3)
		check("accent", pal.Accent, pal.Canvas, 3)
		check("found", pal.Found, pal.Canvas, 3)
		last := 0.0
		for i := range 51 {
			c := Ramp(float32(i) / 50)
			check("heat", p.colours(c).text, c, 4)
			if l := luminance(c); l <= last {
				t.Errorf("the scale is not lighter at %d/50 than before", i)
			} else {
				last = l
			}
		}
		check("heat on the ground", Ramp(0), pal.Canvas, 2)
	}
}
