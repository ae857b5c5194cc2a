package graphpaint

import (
	"image/color"
	"math"
)

// Palette holds the colours of a drawing. All are opaque.
type Palette struct {
	Canvas     color.RGBA // behind everything
	Body       color.RGBA // of a box with rows
	Border     color.RGBA
	Text       color.RGBA // on Body and in Port nodes
	Dim        color.RGBA // names of rows, labels of edges
	Edge       color.RGBA
	Port       color.RGBA // body of an input or output
	HeaderText color.RGBA
	Accent     color.RGBA // selection and what belongs to it
	Found      color.RGBA // search results
	NoHeat     color.RGBA // header of a node without a value while an overlay is shown
	Header     [classes]color.RGBA
}

func rgb(r, g, b uint8) color.RGBA { return color.RGBA{r, g, b, 255} }

// Light is the palette for a light theme.
func Light() Palette {
	return Palette{
		Canvas: rgb(246, 247, 249), Body: rgb(255, 255, 255), Border: rgb(176, 182, 190), Text: rgb(31, 35, 40),
		Dim: rgb(96, 103, 112), Edge: rgb(128, 135, 145), Port: rgb(226, 230, 236), HeaderText: rgb(255, 255, 255),
		Accent: rgb(31, 111, 235), Found: rgb(217, 38, 135), NoHeat: rgb(140, 146, 154),
		Header: [classes]color.RGBA{
			Other: rgb(51, 51, 51), Layer: rgb(51, 85, 136), Activation: rgb(112, 41, 33), Pool: rgb(51, 85, 51),
			Normalization: rgb(30, 94, 98), Shape: rgb(108, 79, 71), Quantize: rgb(98, 51, 122), Attention: rgb(124, 74, 12),
			Constant: rgb(98, 104, 112), Port: rgb(160, 167, 176),
		},
	}
}

// Dark is the palette for a dark theme.
func Dark() Palette {
	return Palette{
		Canvas: rgb(23, 24, 28), Body: rgb(40, 42, 48), Border: rgb(84, 89, 98), Text: rgb(230, 233, 238),
		Dim: rgb(157, 164, 174), Edge: rgb(122, 129, 140), Port: rgb(58, 62, 70), HeaderText: rgb(255, 255, 255),
		Accent: rgb(91, 157, 255), Found: rgb(255, 99, 176), NoHeat: rgb(88, 93, 102),
		Header: [classes]color.RGBA{
			Other: rgb(84, 88, 96), Layer: rgb(58, 102, 168), Activation: rgb(158, 62, 50), Pool: rgb(58, 112, 62),
			Normalization: rgb(28, 114, 118), Shape: rgb(130, 94, 78), Quantize: rgb(126, 70, 156), Attention: rgb(152, 92, 20),
			Constant: rgb(104, 110, 120), Port: rgb(92, 98, 108),
		},
	}
}

// mix is a with share t (0…1) of b.
func mix(a, b color.RGBA, t float64) color.RGBA {
	f := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*t + 0.5) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}

// luminance is the relative luminance of c, 0 to 1, as WCAG 2 defines it.
func luminance(c color.RGBA) float64 {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}

// dark tells the grounds on which white contrasts more than black: those of less luminance than the geometric middle.
func dark(c color.RGBA) bool { return luminance(c) < 0.179 }
