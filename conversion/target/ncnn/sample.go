package ncnn

import "slipway/conversion/ir"

// sampleModes are those that ncnn has alike: of the nearest point it rounds halves up,
// where the operator takes the even one.
var sampleModes = map[string]int{"linear": 1, "bilinear": 1, "cubic": 3, "bicubic": 3}

// sampleBorders are those that ncnn has alike: it reflects once alone.
var sampleBorders = map[string]int{"zeros": 1, "border": 2}

// gridSample is GridSample of one picture.
func gridSample(e *emitter, n *ir.Node) string {
	x, grid, out := full(n.In(0)), full(n.In(1)), full(n.Out(0))
	if len(x) != 4 || x[0] != 1 {
		return "works on one picture"
	}
	mode, border := sampleModes[n.Str("mode", "linear")], sampleBorders[n.Str("padding_mode", "zeros")]
	if mode == 0 || border == 0 {
		return "has no mode " + n.Str("mode", "linear") + " with " + n.Str("padding_mode", "zeros")
	}
	e.set(n.Out(0), e.add("GridSample", []*blob{e.as(n.In(0), x[1:]...), e.as(n.In(1), grid[1:]...)}, out[1:],
		num(0, mode), num(1, border), num(2, int(n.Int("align_corners", 0)))))
	return ""
}
