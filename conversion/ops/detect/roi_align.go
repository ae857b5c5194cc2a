package detect

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var roiAlignDef = &op.Def{
	Name: "RoiAlign", Family: "detect",
	Doc:     "Pools each region of interest of a feature map to one size, reading between the pixels bilinearly.",
	Inputs:  op.In("X", "rois", "batch_indices"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "coordinate_transformation_mode", Kind: op.Str, Default: "half_pixel"},
		{Name: "mode", Kind: op.Str, Default: "avg"},
		{Name: "output_height", Kind: op.Int, Default: int64(1)},
		{Name: "output_width", Kind: op.Int, Default: int64(1)},
		{Name: "sampling_ratio", Kind: op.Int, Default: int64(0)},
		{Name: "spatial_scale", Kind: op.Float, Default: 1.0},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		h, w, err := roiAttrs(c.Node)
		if err != nil {
			return err
		}
		return inferRegions(c, h, w)
	},
	Eval: evalRoiAlign,
	// Before opset 16 pixels were not shifted by a half.
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale")
		if s.Version < 16 {
			attrs["coordinate_transformation_mode"] = "output_half_pixel"
		}
		return s.Lower("RoiAlign", attrs, s.Inputs...)
	},
}

// inferRegions is the output of pooling: [regions, channels, h, w].
func inferRegions(c *op.InferCtx, h, w int64) error {
	xs, rs := c.InShape(0), c.InShape(1)
	if xs != nil && len(xs) != 4 {
		return fmt.Errorf("input %v has not four dimensions", xs)
	}
	if rs != nil && len(rs) != 2 {
		return fmt.Errorf("regions %v have not two dimensions", rs)
	}
	out := kernel.FreshShape(c.Out(0), 4)
	if rs != nil {
		out[0] = rs[0]
	}
	if xs != nil {
		out[1] = xs[1]
	}
	out[2], out[3] = ir.Static(h), ir.Static(w)
	c.Set(0, c.InType(0), out)
	return nil
}

func roiAttrs(n *ir.Node) (h, w int64, err error) {
	h, w = n.Int("output_height", 1), n.Int("output_width", 1)
	if h < 1 || w < 1 || h > 1<<20 || w > 1<<20 {
		return 0, 0, fmt.Errorf("output size %dx%d is out of range", h, w)
	}
	if r := n.Int("sampling_ratio", 0); r < 0 || r > 1<<12 {
		return 0, 0, fmt.Errorf("sampling_ratio %d is out of range", r)
	}
	switch m := n.Str("mode", "avg"); m {
	case "avg", "max":
	default:
		return 0, 0, fmt.Errorf("mode %q is neither avg nor max", m)
	}
	switch m := n.Str("coordinate_transformation_mode", "half_pixel"); m {
	case "half_pixel", "output_half_pixel":
	default:
		return 0, 0, fmt.Errorf("coordinate_transformation_mode %q is neither half_pixel nor output_half_pixel", m)
	}
	return h, w, nil
}

func evalRoiAlign(c *op.EvalCtx) error {
	x, rois, batch := c.Arg(0), c.Arg(1), c.Arg(2)
	if !x.DType().IsFloat() || !rois.DType().IsFloat() {
		return fmt.Errorf("wants floating-point input and regions")
	}
	index, err := batch.Int64s()
	if err != nil {
		return fmt.Errorf("batch_indices: %w", err)
	}
	oh, ow, err := roiAttrs(c.Node)
	if err != nil {
		return err
	}
	xs, rs := x.Shape(), rois.Shape()
	if len(xs) != 4 || len(rs) != 2 || rs[1] != 4 || len(index) != rs[0] {
		return fmt.Errorf("input %v, regions %v and batch indices %v do not match", xs, rs, batch.Shape())
	}
	shape := []int{rs[0], xs[1], int(oh), int(ow)}
	if err := kernel.CheckSize(tensor.Float64, shape); err != nil {
		return err
	}
	a := &aligner{
		h: xs[2], w: xs[3], scale: c.Float("spatial_scale", 1), ratio: int(c.Int("sampling_ratio", 0)),
		half: c.Str("coordinate_transformation_mode", "half_pixel") == "half_pixel", most: c.Str("mode", "avg") == "max",
	}
	in, at, y := x.Float64s(), rois.Float64s(), make([]float64, kernel.Product(shape))
	plane, cells := xs[2]*xs[3], int(oh*ow)
	for r := range rs[0] {
		if index[r] < 0 || index[r] >= int64(xs[0]) {
			return fmt.Errorf("batch index %d is outside %d images", index[r], xs[0])
		}
		if err := a.region(at[r*4:][:4], int(oh), int(ow)); err != nil {
			return err
		}
		tensor.Parallel(xs[1], 1, func(lo, hi int) {
			for ch := lo; ch < hi; ch++ {
				src := in[(int(index[r])*xs[1]+ch)*plane:][:plane]
				dst := y[(r*xs[1]+ch)*cells:][:cells]
				for k, taps := range a.cells {
					dst[k] = a.pool(src, taps)
				}
			}
		})
	}
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, shape...)
	return err
}

// aligner reads one region after the other from maps of h × w.
type aligner struct {
	h, w, ratio int
	scale       float64
	half, most  bool
	cells       [][]sample // of the present region, row by row
}

// sample is one point between four pixels.
type sample struct {
	at     [4]int
	weight [4]float64
}

// region places the samples of a region given as x1, y1, x2, y2.
func (a *aligner) region(v []float64, oh, ow int) error {
	shift := 0.0
	if a.half {
		shift = 0.5
	}
	x0, y0 := v[0]*a.scale-shift, v[1]*a.scale-shift
	w, h := v[2]*a.scale-shift-x0, v[3]*a.scale-shift-y0
	if !a.half {
		w, h = math.Max(w, 1), math.Max(h, 1)
	}
	cw, ch := w/float64(ow), h/float64(oh)
	nx, ny := a.ratio, a.ratio
	if a.ratio == 0 {
		if !(math.Abs(cw) < 1<<12) || !(math.Abs(ch) < 1<<12) {
			return fmt.Errorf("a region of %v is out of range", v)
		}
		nx, ny = max(int(math.Ceil(cw)), 0), max(int(math.Ceil(ch)), 0)
	}
	if a.h == 0 || a.w == 0 {
		nx, ny = 0, 0
	}
	if float64(oh*ow)*float64(nx)*float64(ny) > 1<<28 {
		return fmt.Errorf("a region of %v needs %dx%d samples a cell", v, ny, nx)
	}
	a.cells = make([][]sample, oh*ow)
	for k := range a.cells {
		for iy := range ny {
			py := y0 + float64(k/ow)*ch + (float64(iy)+0.5)*ch/float64(ny)
			for ix := range nx {
				px := x0 + float64(k%ow)*cw + (float64(ix)+0.5)*cw/float64(nx)
				a.cells[k] = append(a.cells[k], a.sample(px, py))
			}
		}
	}
	return nil
}

// sample places a point; one more than a pixel outside weighs nothing.
func (a *aligner) sample(x, y float64) sample {
	if !(y >= -1 && y <= float64(a.h) && x >= -1 && x <= float64(a.w)) {
		return sample{}
	}
	x, y = math.Max(x, 0), math.Max(y, 0)
	xl, yl := int(x), int(y)
	xh, yh := xl+1, yl+1
	if xl >= a.w-1 {
		xl, xh, x = a.w-1, a.w-1, float64(a.w-1)
	}
	if yl >= a.h-1 {
		yl, yh, y = a.h-1, a.h-1, float64(a.h-1)
	}
	lx, ly := x-float64(xl), y-float64(yl)
	return sample{
		[4]int{yl*a.w + xl, yl*a.w + xh, yh*a.w + xl, yh*a.w + xh},
		[4]float64{(1 - ly) * (1 - lx), (1 - ly) * lx, ly * (1 - lx), ly * lx},
	}
}

// pool joins the samples of one cell. The maximum is, as ONNX defines it, that
// of the single weighted pixels.
func (a *aligner) pool(src []float64, taps []sample) float64 {
	sum, top := 0.0, math.Inf(-1)
	for _, t := range taps {
		for i, w := range t.weight {
			v := w * src[t.at[i]]
			sum += v
			top = math.Max(top, v)
		}
	}
	switch {
	case len(taps) == 0:
		return 0
	case a.most:
		return top
	}
	return sum / float64(len(taps))
}
