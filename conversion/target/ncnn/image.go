package ncnn

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
)

var imageOps = map[string]spelling{"GridSample": gridSample, "Resize": resize, "DepthToSpace": depthToSpace, "SpaceToDepth": spaceToDepth}

// resize is Interp over height and width.
func resize(e *emitter, n *ir.Node) string {
	d, out := full(n.In(0)), full(n.Out(0))
	if len(d) != 4 || d[0] != 1 || len(out) != 4 || out[0] != 1 || out[1] != d[1] {
		return "works on height and width of one picture"
	}
	if n.Int("antialias", 0) != 0 || n.Str("keep_aspect_ratio_policy", "stretch") != "stretch" || n.Int("exclude_outside", 0) != 0 {
		return "only stretches"
	}
	if v := n.In(1); v != nil && (!v.IsConst() || v.Const.Len() > 0) && n.Str("coordinate_transformation_mode", "") == "tf_crop_and_resize" {
		return "crops no region"
	}
	if why := exactScales(n, d, out); why != "" {
		return why
	}
	mode, transform := n.Str("mode", "nearest"), n.Str("coordinate_transformation_mode", "half_pixel")
	typ, corners := 0, 0
	switch mode {
	case "nearest":
		typ = 1
		if why := nearest(n, transform, d, out); why != "" {
			return why
		}
	case "linear", "cubic":
		typ = 2
		if mode == "cubic" {
			typ = 3
			if math.Abs(n.Float("cubic_coeff_a", -0.75)+0.75) > 1e-6 {
				return "has the cubic coefficient -0.75"
			}
		}
		switch {
		case transform == "align_corners" && out[2] > 1 && out[3] > 1:
			corners = 1
		case transform == "half_pixel", transform == "pytorch_half_pixel" && out[2] > 1 && out[3] > 1:
		default:
			return "has no coordinate transformation " + transform
		}
	default:
		return "has no mode " + mode
	}
	if d[2] == out[2] && d[3] == out[3] {
		e.alias(n.Out(0), n.In(0))
		return ""
	}
	e.set(n.Out(0), e.add("Interp", []*blob{e.as(n.In(0), d[1:]...)}, out[1:], num(0, typ), num(3, out[2]), num(4, out[3]), num(6, corners)))
	return ""
}

// exactScales: ncnn computes the scale from the sizes.
func exactScales(n *ir.Node, d, out []int) string {
	v := n.In(2)
	if v == nil {
		return ""
	}
	if !v.IsConst() {
		return "needs constant scales"
	}
	s := v.Const.Float64s()
	for k, x := range s {
		a := k + 4 - len(s)
		if axes := n.Ints("axes"); axes != nil && k < len(axes) {
			a = axis(int(axes[k]), 4)
		}
		if math.Abs(x*float64(d[a])-float64(out[a])) > 1e-3 {
			return fmt.Sprintf("works with whole sizes; %g times %d is none", x, d[a])
		}
	}
	return ""
}

// nearest: ncnn takes floor(x*in/out), which half-pixel centres give as well
// where the picture grows by a whole factor.
func nearest(n *ir.Node, transform string, d, out []int) string {
	how := n.Str("nearest_mode", "round_prefer_floor")
	if transform == "asymmetric" && how == "floor" {
		return ""
	}
	for _, a := range []int{2, 3} {
		if d[a] != out[a] && (out[a]%d[a] != 0 || transform != "half_pixel" && transform != "asymmetric" && transform != "pytorch_half_pixel" ||
			how != "round_prefer_floor" && how != "round_prefer_ceil" || transform == "asymmetric") {
			return fmt.Sprintf("of mode nearest has no %s with %s", transform, how)
		}
	}
	return ""
}

func depthToSpace(e *emitter, n *ir.Node) string {
	mode := 1
	if n.Str("mode", "DCR") == "CRD" {
		mode = 0
	}
	return e.shuffle("PixelShuffle", n, int(n.Int("blocksize", 1)), mode)
}

func spaceToDepth(e *emitter, n *ir.Node) string {
	mode := 1
	if n.Str("mode", "DCR") == "CRD" {
		mode = 0
	}
	return e.shuffle("Reorg", n, int(n.Int("blocksize", 1)), mode)
}

func (e *emitter) shuffle(typ string, n *ir.Node, block, mode int) string {
	d, out := full(n.In(0)), full(n.Out(0))
	if len(d) != 4 || d[0] != 1 {
		return "works on one picture"
	}
	e.set(n.Out(0), e.add(typ, []*blob{e.as(n.In(0), d[1:]...)}, out[1:], num(0, block), num(1, mode)))
	return ""
}
