package test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"slipway/project"
	"slipway/runtimes/task"
)

func TestBoxesAreDrawnWhereTheyWereFound(t *testing.T) {
	grey := color.NRGBA{0x80, 0x80, 0x80, 0xff}
	img := image.NewNRGBA(image.Rect(0, 0, 100, 50))
	for i := range img.Pix {
		img.Pix[i] = 0x80
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 0xff
	}
	th := &thumb{img: img, scale: 0.5}
	got := th.boxes([]task.Prediction{
		{Index: 0, Box: &[4]float64{40, 20, 80, 60}},
		{Index: 1, Box: &[4]float64{-10, -10, 30, 30}},
		{Index: 2, Box: &[4]float64{math.NaN(), 0, math.Inf(1), math.Inf(-1)}},
		{Index: 3},
	})
	for _, c := range []struct {
		x, y int
		want color.NRGBA
	}{
		{20, 10, boxColour(0)}, {39, 29, boxColour(0)}, {22, 20, boxColour(0)}, {30, 20, grey}, {40, 30, grey}, // the first box
		{0, 0, boxColour(1)}, {14, 8, boxColour(1)}, {7, 7, grey}, // the second, cut at the edge
		{90, 40, grey},
	} {
		if p := got.NRGBAAt(c.x, c.y); p != c.want {
			t.Errorf("pixel %d,%d is %v, want %v", c.x, c.y, p, c.want)
		}
	}
	if img.NRGBAAt(20, 10) != grey {
		t.Error("the thumbnail itself was drawn on")
	}
	if boxColour(-1) == (color.NRGBA{}) || boxColour(7) != boxColour(1) {
		t.Error("a class has no colour")
	}
}

func TestBoxed(t *testing.T) {
	with := project.Cell{Predictions: []task.Prediction{{Box: &[4]float64{}}}}
	if boxed([]project.Cell{{}, {Predictions: []task.Prediction{{Index: 1}}}}) || !boxed([]project.Cell{{}, with}) {
		t.Error("answers with boxes are not told from those without")
	}
}
