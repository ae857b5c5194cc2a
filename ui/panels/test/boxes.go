package test

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"slipway/project"
	"slipway/runtimes/task"
)

// thumb is a picture made small; scale is its size over the picture's own.
type thumb struct {
	img   *image.NRGBA
	scale float64
}

// boxed reports whether an answer has boxes in the picture.
func boxed(cells []project.Cell) bool {
	for _, c := range cells {
		for _, p := range c.Predictions {
			if p.Box != nil {
				return true
			}
		}
	}
	return false
}

// boxColours can be told apart by nearly everybody, on most pictures.
var boxColours = []color.NRGBA{
	{0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xf0, 0xe4, 0x42, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
}

// shades are the colours of the classes that were found in one picture.
type shades map[int]color.NRGBA

// shadesOf gives each class a colour of its own, the same in all answers, as
// far as the colours go.
func shadesOf(cells []project.Cell) shades {
	s := shades{}
	for _, c := range cells {
		for _, p := range c.Predictions {
			if _, ok := s[p.Index]; !ok && p.Box != nil {
				s[p.Index] = boxColours[len(s)%len(boxColours)]
			}
		}
	}
	return s
}

// boxWidth is that of a box's lines, in pixels of the thumbnail.
const boxWidth = 3

// boxes is the thumbnail with the predictions' boxes, the best on top.
func (t *thumb) boxes(predictions []task.Prediction, s shades) *image.NRGBA {
	out := image.NewNRGBA(t.img.Bounds())
	draw.Draw(out, out.Bounds(), t.img, t.img.Bounds().Min, draw.Src)
	for i := len(predictions) - 1; i >= 0; i-- {
		p := &predictions[i]
		if p.Box == nil {
			continue
		}
		at := func(k int) int {
			v := p.Box[k] * t.scale
			if math.IsNaN(v) {
				return 0
			}
			return int(math.Round(min(max(v, 0), 1e6)))
		}
		frame(out, image.Rect(at(0), at(1), at(2), at(3)), s[p.Index])
	}
	return out
}

// frame draws the outline of r, which may lie outside in part.
func frame(img *image.NRGBA, r image.Rectangle, c color.NRGBA) {
	r = r.Intersect(img.Bounds())
	if r.Empty() {
		return
	}
	ink := image.NewUniform(c)
	for _, side := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, r.Min.Y+boxWidth)},
		{image.Pt(r.Min.X, r.Max.Y-boxWidth), r.Max},
		{r.Min, image.Pt(r.Min.X+boxWidth, r.Max.Y)},
		{image.Pt(r.Max.X-boxWidth, r.Min.Y), r.Max},
	} {
		draw.Draw(img, side.Intersect(r), ink, image.Point{}, draw.Src)
	}
}
