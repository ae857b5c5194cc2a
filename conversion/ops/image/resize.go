package image

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var resizeDef = &op.Def{
	Name:    "Resize",
	Family:  "image",
	Doc:     "Resamples x to new sizes, given directly or by scales, by nearest, linear or cubic interpolation.",
	Inputs:  op.Opt(op.In("X"), "roi", "scales", "sizes"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "antialias", Kind: op.Int, Default: int64(0)},
		{Name: "axes", Kind: op.Ints},
		{Name: "coordinate_transformation_mode", Kind: op.Str, Default: "half_pixel"},
		{Name: "cubic_coeff_a", Kind: op.Float, Default: -0.75},
		{Name: "exclude_outside", Kind: op.Int, Default: int64(0)},
		{Name: "extrapolation_value", Kind: op.Float, Default: 0.0},
		{Name: "keep_aspect_ratio_policy", Kind: op.Str, Default: "stretch"},
		{Name: "mode", Kind: op.Str, Default: "nearest"},
		{Name: "nearest_mode", Kind: op.Str, Default: "round_prefer_floor"},
	},
	Tol:   op.Accumulating,
	Infer: inferResize,
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x == nil {
			return fmt.Errorf("lacks its input")
		}
		s, err := newSampling(c.Node, x.Shape(), c.Arg(1), c.Arg(2), c.Arg(3))
		if err != nil {
			return err
		}
		if s.kind == "nearest" && s.mode != "tf_crop_and_resize" {
			c.Out[0], err = s.nearest(x)
			return err
		}
		switch d := x.DType(); {
		case d == tensor.Float32 || d == tensor.Float16 || d == tensor.BFloat16:
			c.Out[0], err = tensor.Of(interpolate(s, x.Float32s(), x.Shape()), s.out...).Cast(d)
		case d == tensor.Float64:
			c.Out[0] = tensor.Of(interpolate(s, x.Float64s(), x.Shape()), s.out...)
		case d.IsInt():
			y := interpolate(s, x.Float64s(), x.Shape())
			for i, v := range y {
				y[i] = math.RoundToEven(v)
			}
			c.Out[0], err = tensor.FromFloat64s(d, y, s.out...)
		default:
			err = fmt.Errorf("element type %v is not supported", d)
		}
		return err
	},
	Decompose: byAxes,
	FromONNX:  readResize,
}

// axesOf are the axes that scales, sizes and roi speak of.
func axesOf(n *ir.Node, rank int) ([]int, error) {
	if !n.Has("axes") {
		all := make([]int, rank)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	var out []int
	seen := make([]bool, rank)
	for _, a := range n.Ints("axes") {
		i := int(a)
		if i < 0 {
			i += rank
		}
		if i < 0 || i >= rank || seen[i] {
			return nil, fmt.Errorf("axes %v do not fit rank %d", n.Ints("axes"), rank)
		}
		seen[i] = true
		out = append(out, i)
	}
	return out, nil
}

func inferResize(c *op.InferCtx) error {
	xs := c.InShape(0)
	if xs == nil {
		c.Set(0, c.InType(0), nil)
		return nil
	}
	axes, err := axesOf(c.Node, len(xs))
	if err != nil {
		return err
	}
	out := xs.Clone()
	sizes, known := c.Content(3)
	policy := c.Str("keep_aspect_ratio_policy", "stretch")
	scales := c.In(2)
	switch {
	case c.In(3) != nil && known && policy == "stretch":
		if len(sizes) != len(axes) {
			return fmt.Errorf("sizes %v for %d axes", sizes, len(axes))
		}
		for i, a := range axes {
			out[a] = sizes[i]
		}
	case c.In(3) == nil && scales.IsConst():
		if !scales.Const.DType().IsFloat() {
			return fmt.Errorf("scales are %v", scales.Const.DType())
		}
		v := scales.Const.Float32s()
		if len(v) != len(axes) {
			return fmt.Errorf("%d scales for %d axes", len(v), len(axes))
		}
		for i, a := range axes {
			if out[a], err = scaled(xs[a], v[i]); err != nil {
				return err
			}
		}
	default:
		for _, a := range axes {
			out[a] = ir.Symbol(fmt.Sprintf("%s.%d", c.Out(0).Name, a))
		}
		if n, ok := c.Ints(3); ok && policy != "stretch" && len(n) == len(axes) {
			if in, ok := xs.Ints(); ok {
				got, _, err := keepAspect(policy, in, axes, n)
				if err != nil {
					return err
				}
				for _, a := range axes {
					out[a] = ir.Static(int64(got[a]))
				}
			}
		}
	}
	c.Set(0, c.InType(0), out)
	return nil
}

// scaled is floor(d*scale), in float32 arithmetic as ONNX's shape inference.
func scaled(d ir.Dim, scale float32) (ir.Dim, error) {
	if !(scale > 0) || scale > 1<<20 {
		return d, fmt.Errorf("scale %v is not usable", scale)
	}
	if n, ok := d.Int(); ok {
		return ir.Static(int64(float32(n) * scale)), nil
	}
	if scale == float32(int64(scale)) {
		return d.Mul(ir.Static(int64(scale))), nil
	}
	// A scale p/2^k, as 0.5 or 1.5.
	for k := int64(2); k <= 64; k *= 2 {
		if p := scale * float32(k); p == float32(int64(p)) {
			return d.Mul(ir.Static(int64(p))).FloorDiv(k), nil
		}
	}
	return ir.Symbol(fmt.Sprintf("floor(%v*(%v))", scale, d)), nil
}

// keepAspect gives the sizes and the one scale under a policy other than
// stretch.
func keepAspect(policy string, in, axes []int, sizes []int64) ([]int, float64, error) {
	scale := math.Inf(1)
	if policy == "not_smaller" {
		scale = 0
	} else if policy != "not_larger" {
		return nil, 0, fmt.Errorf("keep_aspect_ratio_policy %q is not one of stretch, not_larger, not_smaller", policy)
	}
	for i, a := range axes {
		r := float64(sizes[i]) / float64(in[a])
		if policy == "not_larger" {
			scale = math.Min(scale, r)
		} else {
			scale = math.Max(scale, r)
		}
	}
	out := append([]int{}, in...)
	for _, a := range axes {
		n := math.Floor(scale*float64(in[a]) + 0.5)
		if !(n >= 0 && n < 1<<31) {
			return nil, 0, fmt.Errorf("sizes %v cannot be reached from %v", sizes, in)
		}
		out[a] = int(n)
	}
	return out, scale, nil
}

var upsampleDef = &op.Def{
	Name:    "Upsample",
	Family:  "image",
	Doc:     "The older name of Resize by scales; readers lower it to Resize.",
	Inputs:  op.In("X", "scales"),
	Outputs: op.In("Y"),
	Attrs:   []op.Attr{{Name: "mode", Kind: op.Str, Default: "nearest"}},
	Infer:   func(*op.InferCtx) error { return errLowered },
	Eval:    func(*op.EvalCtx) error { return errLowered },
	// Opset 7 and 8 hold the scales in an attribute, 9 in an input.
	FromONNX: func(s *op.Src) error {
		scales := s.In(1)
		if v, ok := s.Raw("scales"); ok {
			f, isFloats := v.([]float64)
			if !isFloats {
				return fmt.Errorf("scales is not a list of numbers")
			}
			t, err := tensor.FromFloat64s(tensor.Float32, f, len(f))
			if err != nil {
				return err
			}
			scales = s.Const(t)
		}
		if s.In(0) == nil || scales == nil {
			return fmt.Errorf("lacks its input or its scales")
		}
		return lowerAsymmetric(s, s.In(0), scales, true)
	},
}

var errLowered = fmt.Errorf("Upsample is lowered to Resize on import")

// lowerAsymmetric emits the Resize that Upsample and the opset-10 Resize mean:
// coordinates x/scale; the nearest element is the one before when enlarging and
// the one after when shrinking.
func lowerAsymmetric(s *op.Src, x, scales *ir.Value, enlarging bool) error {
	attrs := s.AttrsOf("mode")
	attrs["coordinate_transformation_mode"] = "asymmetric"
	switch mode := s.Str("mode", "nearest"); mode {
	case "linear", "bilinear", "trilinear":
		attrs["mode"] = "linear"
	case "nearest":
		round := "floor"
		if !enlarging {
			if !scales.IsConst() || !scales.DType.IsFloat() {
				return fmt.Errorf("scales are not constant: the nearest element depends on them before opset 11")
			}
			up, down := false, false
			for _, v := range scales.Const.Float32s() {
				up, down = up || v > 1, down || v < 1
			}
			if up && down {
				return fmt.Errorf("scales both enlarge and shrink: not expressible after opset 10")
			}
			if down {
				round = "ceil"
			}
		}
		attrs["nearest_mode"] = round
	default:
		return fmt.Errorf("mode %q is not one of nearest, linear", mode)
	}
	return s.Lower("Resize", attrs, x, nil, scales)
}

func readResize(s *op.Src) error {
	if s.In(0) == nil {
		return fmt.Errorf("lacks its input")
	}
	if s.Version < 11 {
		if s.In(1) == nil {
			return fmt.Errorf("lacks its scales")
		}
		return lowerAsymmetric(s, s.In(0), s.In(1), false)
	}
	attrs := s.AttrsOf("antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
		"extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode")
	n := &ir.Node{Attrs: attrs}
	if err := checkModes(n); err != nil {
		return err
	}
	in := []*ir.Value{s.In(0), s.In(1), s.In(2), s.In(3)}
	if n.Str("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize" {
		in[1] = nil
	}
	for i := 2; i < 4; i++ {
		if in[i] != nil && len(in[i].Shape) == 1 && in[i].Shape[0].Is(0) {
			in[i] = nil
		}
	}
	if (in[2] == nil) == (in[3] == nil) {
		return fmt.Errorf("wants either scales or sizes")
	}
	return s.Lower("Resize", attrs, in...)
}

func checkModes(n *ir.Node) error {
	for _, a := range []struct {
		name, def string
		of        []string
	}{
		{"mode", "nearest", []string{"nearest", "linear", "cubic"}},
		{"nearest_mode", "round_prefer_floor", []string{"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}},
		{"keep_aspect_ratio_policy", "stretch", []string{"stretch", "not_larger", "not_smaller"}},
		{"coordinate_transformation_mode", "half_pixel", []string{
			"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
			"tf_crop_and_resize", "tf_half_pixel_for_nn",
		}},
	} {
		v, ok := n.Str(a.name, a.def), false
		for _, w := range a.of {
			ok = ok || v == w
		}
		if !ok {
			return fmt.Errorf("%s %q is not one of %v", a.name, v, a.of)
		}
	}
	return nil
}
