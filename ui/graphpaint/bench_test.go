package graphpaint

import (
	"context"
	"image"
	"testing"
)

func arranged(tb testing.TB, s Scene, opts Options) *Drawing {
	tb.Helper()
	d, err := Arrange(context.Background(), s, opts)
	if err != nil {
		tb.Fatalf("Arrange: %v", err)
	}
	return d
}

// benchmarkPaint paints at a zoom at which about n nodes are seen.
func benchmarkPaint(b *testing.B, n int, vary bool) {
	d := arranged(b, wideScene(10_000, 100), Options{})
	img := image.NewRGBA(image.Rect(0, 0, 1200, 760))
	p := NewPainter(d, Light())
	zoom := 4.0
	for seen := 0; seen < n && zoom > 0.01; {
		zoom *= 0.98
		seen = len(d.NodesIn(View{X: 300, Y: 300, Zoom: zoom}.area(1200, 760)))
	}
	b.ResetTimer()
	i := 0
	for b.Loop() {
		z := zoom
		if vary {
			z *= 1 + float64(i%200)/1000 // every frame another size of text
		}
		p.Paint(img, View{X: 300, Y: 300, Zoom: z}, NoMarks)
		i++
	}
	b.ReportMetric(zoom, "zoom")
}

func BenchmarkPaint50(b *testing.B)        { benchmarkPaint(b, 50, false) }
func BenchmarkPaint50Zooming(b *testing.B) { benchmarkPaint(b, 50, true) }
func BenchmarkPaint200(b *testing.B)       { benchmarkPaint(b, 200, true) }
func BenchmarkPaint500(b *testing.B)       { benchmarkPaint(b, 500, true) }
func BenchmarkPaint2000(b *testing.B)      { benchmarkPaint(b, 2000, true) }
func BenchmarkPaint10000(b *testing.B)     { benchmarkPaint(b, 10_000, false) }

func BenchmarkArrange10000(b *testing.B) {
	s := resNetScene(10_000)
	for b.Loop() {
		arranged(b, s, Options{})
	}
}

func BenchmarkMinimap10000(b *testing.B) {
	p := NewPainter(arranged(b, resNetScene(10_000), Options{}), Light())
	for b.Loop() {
		p.Minimap(160, 220, NoMarks)
	}
}
