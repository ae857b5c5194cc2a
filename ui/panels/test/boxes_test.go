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
	found := []task.Prediction{
		{Index: 0, Box: &[4]float64{40, 20, 80, 60}},
		{Index: 1, Box: &[4]float64{-10, -10, 30, 30}},
		{Index: 2, Box: &[4]float64{math.NaN(), 0, math.Inf(1), math.Inf(-1)}},
		{Index: 3},
	}
	shades := shadesOf([]project.Cell{{Predictions: found}})
	got := th.boxes(found, shades)
	for _, c := range []struct {
		x, y int
		want color.NRGBA
	}{
		{20, 10, shades[0]}, {39, 29, shades[0]}, {22, 20, shades[0]}, {30, 20, grey}, {40, 30, grey}, // the first box
		{0, 0, shades[1]}, {14, 8, shades[1]}, {7, 7, grey}, // the second, cut at the edge
		{90, 40, grey},
	} {
		if p := got.NRGBAAt(c.x, c.y); p != c.want {
			t.Errorf("pixel %d,%d is %v, want %v", c.x, c.y, p, c.want)
		}
	}
	if img.NRGBAAt(20, 10) != grey {
		t.Error("the thumbnail itself was drawn on")
	}
}

func TestClassesOfAPictureHaveColoursOfTheirOwn(t *testing.T) {
	box := &[4]float64{}
	s := shadesOf([]project.Cell{{Predictions: []task.Prediction{{Index: 0, Box: box}, {Index: 30, Box: box}, {Index: 5}}}, {Predictions: []task.Prediction{{Index: 30, Box: box}, {Index: -6, Box: box}}}})
	if len(s) != 3 || s[0] == s[30] || s[30] == s[-6] || s[0] == s[-6] {
		t.Errorf("%v", s)
	}
}

func TestBoxed(t *testing.T) {
	with := project.Cell{Predictions: []task.Prediction{{Box: &[4]float64{}}}}
	if boxed([]project.Cell{{}, {Predictions: []task.Prediction{{Index: 1}}}}) || !boxed([]project.Cell{{}, with}) {
		t.Error("answers with boxes are not told from those without")
	}
}
