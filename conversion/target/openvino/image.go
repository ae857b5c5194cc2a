package openvino

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var imageOps = map[string]spelling{
	"Resize":       {legalResize, emitResize},
	"DepthToSpace": {nil, emitDepthToSpace},
	"SpaceToDepth": {nil, emitSpaceToDepth},
	"GridSample":   {legalGridSample, emitGridSample},
}

func emitDepthToSpace(e *emitter, n *ir.Node) {
	mode := "blocks_first"
	if n.Str("mode", "DCR") == "CRD" {
		mode = "depth_first"
	}
	e.final("DepthToSpace", "opset1", []attr{{"block_size", ints([]int64{n.Int("blocksize", 1)})}, {"mode", mode}}, e.in(0))
}

func emitSpaceToDepth(e *emitter, n *ir.Node) {
	mode := "blocks_first"
	if n.Str("mode", "DCR") == "CRD" {
		mode = "depth_first"
	}
	e.final("SpaceToDepth", "opset1", []attr{{"block_size", ints([]int64{n.Int("blocksize", 1)})}, {"mode", mode}}, e.in(0))
}

var resizeModes = map[string]string{"nearest": "nearest", "linear": "linear_onnx", "cubic": "cubic"}

var resizeCoordinates = []string{"half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners"}

func legalResize(n *ir.Node) string {
	mode := n.Str("mode", "nearest")
	switch c := n.Str("coordinate_transformation_mode", "half_pixel"); {
	case resizeModes[mode] == "":
		return "Resize in mode " + mode + " has no equivalent"
	case !slices.Contains(resizeCoordinates, c):
		return "Resize with coordinates " + c + " has no equivalent"
	case n.Int("antialias", 0) != 0:
		return "Resize with antialiasing has no exact equivalent"
	case mode == "cubic" && n.Int("exclude_outside", 0) != 0:
		return "Resize that excludes samples outside has no equivalent"
	case n.Str("keep_aspect_ratio_policy", "stretch") != "stretch":
		return "Resize that keeps the aspect ratio has no equivalent"
	case n.In(2) == nil && n.In(3) == nil:
		return "Resize without scales and sizes"
	}
	if r := rank(n, 0); r < 2 || r > 5 {
		return "Resize needs an input of rank 2 to 5"
	}
	return ""
}

// emitResize resizes only the axes whose size changes, where that is known:
// Interpolate is implemented for few combinations of axes.
func emitResize(e *emitter, n *ir.Node) {
	r := rank(n, 0)
	axes := slices.Clone(n.Ints("axes"))
	for i, a := range axes {
		if a < 0 {
			axes[i] += int64(r)
		}
	}
	if axes == nil {
		axes = axesFrom(0, r)
	}
	calc, target := "scales", n.In(2)
	if n.In(3) != nil && !(n.In(3).IsConst() && n.In(3).Const.Len() == 0) {
		calc, target = "sizes", n.In(3)
	}
	var to port
	if target.IsConst() {
		axes, to, calc = e.resizeBy(n, axes, target.Const, calc)
	} else {
		to = e.value(target)
	}
	data := []attr{
		{"mode", resizeModes[n.Str("mode", "nearest")]},
		{"shape_calculation_mode", calc},
		{"coordinate_transformation_mode", n.Str("coordinate_transformation_mode", "half_pixel")},
		{"nearest_mode", n.Str("nearest_mode", "round_prefer_floor")},
		{"antialias", "false"},
		{"pads_begin", "0"},
		{"pads_end", "0"},
		{"cube_coeff", float(n.Float("cubic_coeff_a", -0.75))},
	}
	e.final("Interpolate", "opset11", data, e.in(0), to, e.ints(axes...))
}

// resizeBy drops the axes that keep their size and gives sizes instead of scales
// where both say the same.
func (e *emitter) resizeBy(n *ir.Node, axes []int64, t *tensor.Tensor, calc string) ([]int64, port, string) {
	v := t.Float64s()
	in, out := n.In(0).Shape, n.Out(0).Shape
	keepAxis := func(i int) bool {
		if calc == "scales" {
			return v[i] != 1
		}
		return !in[axes[i]].Is(int64(v[i]))
	}
	var ax []int64
	var val []float64
	for i, a := range axes {
		if i < len(v) && keepAxis(i) {
			ax, val = append(ax, a), append(val, v[i])
		}
	}
	if len(ax) == 0 {
		first := max(0, len(axes)-2)
		ax, val = axes[first:], v[first:]
	}
	if r := len(in); r >= 4 && len(ax) == 1 && ax[0] >= int64(r-2) {
		// Some plugins take both spatial axes only.
		other := int64(2*r-3) - ax[0]
		if i := slices.Index(axes, other); i >= 0 {
			both := []int64{ax[0], other}
			vals := []float64{val[0], v[i]}
			if other < ax[0] {
				slices.Reverse(both)
				slices.Reverse(vals)
			}
			ax, val = both, vals
		}
	}
	if calc == "scales" && sameAsSizes(in, out, ax, val) {
		sizes := make([]int64, len(ax))
		for i, a := range ax {
			sizes[i], _ = out[a].Int()
		}
		return ax, e.ints(sizes...), "sizes"
	}
	if calc == "sizes" {
		s := make([]int64, len(val))
		for i := range s {
			s[i] = int64(val[i])
		}
		return ax, e.ints(s...), calc
	}
	return ax, e.floats(tensor.Float32, val, len(val)), calc
}

func sameAsSizes(in, out ir.Shape, axes []int64, scales []float64) bool {
	if out == nil {
		return false
	}
	for i, a := range axes {
		x, ok1 := in[a].Int()
		y, ok2 := out[a].Int()
		if !ok1 || !ok2 || x == 0 || float32(y)/float32(x) != float32(scales[i]) {
			return false
		}
	}
	return true
}

var gridModes = map[string]string{"linear": "bilinear", "bilinear": "bilinear", "nearest": "nearest", "cubic": "bicubic", "bicubic": "bicubic"}

func legalGridSample(n *ir.Node) string {
	if gridModes[n.Str("mode", "linear")] == "" {
		return "GridSample in mode " + n.Str("mode", "") + " has no equivalent"
	}
	if rank(n, 0) != 4 {
		return "GridSample needs an input of rank 4"
	}
	return ""
}

func emitGridSample(e *emitter, n *ir.Node) {
	e.final("GridSample", "opset9", []attr{
		{"align_corners", boolean(n.Int("align_corners", 0) != 0)},
		{"mode", gridModes[n.Str("mode", "linear")]},
		{"padding_mode", n.Str("padding_mode", "zeros")},
	}, e.in(0), e.in(1))
}
