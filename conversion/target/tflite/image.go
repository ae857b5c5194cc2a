package tflite

import (
	"fmt"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var imageSpellings = map[string]spelling{
	"Resize":       {legal: legalResize, emit: emitResize, int8: always},
	"DepthToSpace": {legal: legalBlocks, emit: emitDepthToSpace, int8: always},
	"SpaceToDepth": {legal: legalBlocks, emit: emitSpaceToDepth, int8: always},
}

// resizeForm is what a Resize becomes.
type resizeForm struct {
	code         fb.Code
	alignCorners bool
	halfPixels   bool
	oneDiffers   bool // where it makes one row or column
}

// resizeOf decides the form, or says why there is none that is exact.
func resizeOf(n *ir.Node) (resizeForm, string) {
	var f resizeForm
	in, out := n.In(0).Shape, n.Out(0).Shape
	if len(in) != 4 {
		return f, fmt.Sprintf("rank %d", len(in))
	}
	if !in[0].Equal(out[0]) || !in[1].Equal(out[1]) {
		return f, "resizing of batch or channels"
	}
	if sizesRule(n) {
		return openResize(n)
	}
	if _, _, ok := resizeSizes(n); !ok {
		return f, "spatial dimensions that are not known, nor whole multiples of those before"
	}
	if p := n.Str("keep_aspect_ratio_policy", "stretch"); p != "stretch" {
		return f, "keep_aspect_ratio_policy " + p
	}
	if n.Int("antialias", 0) != 0 {
		return f, "antialias"
	}
	if n.In(0).DType != tensor.Float32 {
		return f, noKernel(n.In(0).DType)
	}
	mode, coord := n.Str("mode", "nearest"), n.Str("coordinate_transformation_mode", "half_pixel")
	exact := exactScales(n)
	switch mode {
	case "linear":
		f.code = fb.ResizeBilinear
		switch {
		case !exact:
			return f, "scales that are not the ratio of the sizes"
		case coord == "align_corners":
			f.alignCorners = true
		case coord == "half_pixel", coord == "pytorch_half_pixel" && !out[2].Is(1) && !out[3].Is(1):
			f.halfPixels = true
		case coord == "asymmetric":
		default:
			return f, "coordinate_transformation_mode " + coord
		}
		return f, ""
	case "nearest":
		return nearestForm(n, coord, exact)
	}
	return f, "mode " + mode
}

// sizesRule reports whether n's sizes are open, follow from the inputs', and
// alone say how it scales.
func sizesRule(n *ir.Node) bool {
	out := n.Out(0).Shape[2:]
	v := n.In(2)
	return !out.IsStatic() && computable(n, out) && n.In(3) != nil && (v == nil || v.IsConst() && v.Const.Len() == 0)
}

// openResize is the form where the sizes are known only when the model runs.
func openResize(n *ir.Node) (f resizeForm, why string) {
	if p := n.Str("keep_aspect_ratio_policy", "stretch"); p != "stretch" {
		return f, "keep_aspect_ratio_policy " + p
	}
	if n.Int("antialias", 0) != 0 || n.In(0).DType != tensor.Float32 {
		return f, "antialias, or another element type than f32"
	}
	mode, coord := n.Str("mode", "nearest"), n.Str("coordinate_transformation_mode", "half_pixel")
	switch {
	case mode == "nearest" && coord == "asymmetric" && n.Str("nearest_mode", "round_prefer_floor") == "floor":
		f.code = fb.ResizeNearest
	case mode == "linear" && coord == "asymmetric":
		f.code = fb.ResizeBilinear
	case mode == "linear" && coord == "align_corners":
		f.code, f.alignCorners = fb.ResizeBilinear, true
	case mode == "linear" && (coord == "half_pixel" || coord == "pytorch_half_pixel"):
		f.code, f.halfPixels = fb.ResizeBilinear, true
		f.oneDiffers = coord == "pytorch_half_pixel"
	default:
		return f, fmt.Sprintf("mode %s with %s coordinates, to sizes that are not known", mode, coord)
	}
	return f, ""
}

// nearestForm: the kernel takes floor(x*scale) of asymmetric or half-pixel
// coordinates. Whole factors make all of ONNX's usual roundings the same.
func nearestForm(n *ir.Node, coord string, exact bool) (resizeForm, string) {
	f := resizeForm{code: fb.ResizeNearest}
	round := n.Str("nearest_mode", "round_prefer_floor")
	in, out, _ := resizeSizes(n)
	if !n.Out(0).Shape[2:].IsStatic() && coord == "align_corners" {
		return f, "align_corners of sizes that are not known"
	}
	same := exact
	for i := 2; i < 4 && same; i++ {
		for o := range int(out[i]) {
			if nearestSource(o, int(in[i]), int(out[i]), coord, round) != o*int(in[i])/int(out[i]) {
				same = false
				break
			}
		}
	}
	if same {
		return f, ""
	}
	if exact && coord == "half_pixel" || coord == "align_corners" {
		half, align := true, true
		for i := 2; i < 4; i++ {
			a, b := int(in[i]), int(out[i])
			for o := range b {
				s := nearestSource(o, a, b, coord, round)
				half = half && exact && s == min((2*o+1)*a/(2*b), a-1)
				align = align && b > 1 && s == min((2*o*(a-1)+(b-1))/(2*(b-1)), a-1)
			}
		}
		switch {
		case half:
			f.halfPixels = true
			return f, ""
		case align:
			f.alignCorners = true
			return f, ""
		}
	}
	return f, fmt.Sprintf("nearest_mode %s with %s coordinates at these sizes", round, coord)
}

// nearestSource is the source index that ONNX's Resize takes for output o, -1
// for coordinates that are not known here.
func nearestSource(o, in, out int, coord, round string) int {
	// The coordinate as a fraction num/den.
	var num, den int
	switch coord {
	case "asymmetric":
		num, den = o*in, out
	case "half_pixel":
		num, den = (2*o+1)*in-out, 2*out
	case "pytorch_half_pixel":
		num, den = (2*o+1)*in-out, 2*out
		if out == 1 {
			num, den = 0, 1
		}
	case "align_corners":
		num, den = o*(in-1), out-1
		if out == 1 {
			num, den = 0, 1
		}
	default:
		return -1
	}
	floor := func(a, b int) int {
		q := a / b
		if a%b != 0 && a < 0 {
			q--
		}
		return q
	}
	var s int
	switch round {
	case "floor":
		s = floor(num, den)
	case "ceil":
		s = -floor(-num, den)
	case "round_prefer_floor":
		s = -floor(-(2*num - den), 2*den)
	case "round_prefer_ceil":
		s = floor(2*num+den, 2*den)
	default:
		return -1
	}
	return min(max(s, 0), in-1)
}

// exactScales reports whether the scales, where given, are the ratio of the
// sizes, which is all that the kernels know.
func exactScales(n *ir.Node) bool {
	v := n.In(2)
	if v == nil || !v.IsConst() || v.Const.Len() == 0 {
		return true
	}
	s := v.Const.Float64s()
	in, out, _ := resizeSizes(n)
	axes := n.Ints("axes")
	for k, x := range s {
		a := k
		if axes != nil {
			a = int(axes[k])
			if a < 0 {
				a += n.In(0).Rank()
			}
		}
		if in == nil {
			return false
		}
		if d := x*float64(in[a]) - float64(out[a]); d > 1e-3 || d < -1e-3 {
			return false
		}
	}
	return true
}

// resizeSizes are the shapes before and after. A size that is not known is taken
// for one that shows the same, where the result is a whole multiple of it.
func resizeSizes(n *ir.Node) (in, out []int, ok bool) {
	a, b := n.In(0).Shape, n.Out(0).Shape
	for i := range a {
		x, known := a[i].Int()
		y, both := b[i].Int()
		if known && both {
			in, out = append(in, int(x)), append(out, int(y))
			continue
		}
		if i < 2 {
			in, out = append(in, 1), append(out, 1)
			continue
		}
		k := int64(0)
		if q, ok := b[i].Div(a[i]); ok {
			k, _ = q.Int()
		}
		if k < 1 || !computable(n, b[i:i+1]) {
			return nil, nil, false
		}
		const some = 7
		in, out = append(in, some), append(out, some*int(k))
	}
	return in, out, true
}

func legalResize(n *ir.Node) string { _, why := resizeOf(n); return why }

func emitResize(e *emitter) error {
	f, why := resizeOf(e.n)
	if why != "" {
		return fmt.Errorf("%s", why)
	}
	x, err := e.in(0)
	if err != nil {
		return err
	}
	if dims := dimsOf(e.outs[0].Shape, lastOrder); f.code == fb.ResizeNearest && !f.halfPixels && !f.alignCorners && e.fast(x) && unknowns(dims) == 0 {
		// The form is plain, and so whole factors repeat elements.
		if s := e.m.Tensors[x].Shape; dims[1]%s[1] == 0 && dims[2]%s[2] == 0 {
			if y, ok := e.repeated(x, int(dims[1]/s[1]), int(dims[2]/s[2])); ok {
				return e.move(fb.Reshape, nil, lastOrder, y, e.int32s(dims))
			}
		}
	}
	if f.oneDiffers {
		e.findings = append(e.findings, diag.Infof("tflite.resize-one", "Resize takes the middle where it makes a single row or column of a picture; the model takes the first").At(e.n.Name))
	}
	size, err := e.sizes(e.outs[0].Shape[2:], nil)
	if err != nil {
		return err
	}
	var opts fb.Options = fb.ResizeBilinearOptions{AlignCorners: f.alignCorners, HalfPixels: f.halfPixels}
	if f.code == fb.ResizeNearest {
		opts = fb.ResizeNearestOptions{AlignCorners: f.alignCorners, HalfPixels: f.halfPixels}
	}
	return e.move(f.code, opts, lastOrder, x, size)
}

func legalBlocks(n *ir.Node) string {
	if !n.In(0).Shape[1].IsStatic() {
		return "channels that are not known"
	}
	return ""
}

// emitDepthToSpace: the builtin reads the depth as [block, block, channels]
// (DCR). CRD, [channels, block, block], is a transposition.
func emitDepthToSpace(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	b := int32(e.n.Int("blocksize", 1))
	s := e.m.Tensors[x].Shape
	if e.n.Str("mode", "DCR") != "CRD" {
		return e.move(fb.DepthToSpace, fb.DepthToSpaceOptions{Block: b}, lastOrder, x)
	}
	if unknowns(s) == 0 {
		y := e.blocks(x, []int32{s[0] * s[1], s[2], s[3] / (b * b), b, b}, 0, 3, 1, 4, 2)
		return e.move(fb.Reshape, nil, lastOrder, y, e.int32s(dimsOf(e.outs[0].Shape, lastOrder)))
	}
	return e.move(fb.DepthToSpace, fb.DepthToSpaceOptions{Block: b}, lastOrder, e.pick(x, crdToDCR(int(s[3]), int(b))))
}

// crdToDCR lists, for each depth in DCR order, the depth in CRD order.
func crdToDCR(depth, b int) []int32 {
	c := depth / (b * b)
	out := make([]int32, 0, depth)
	for k := range b * b {
		for ch := range c {
			out = append(out, int32(ch*b*b+k))
		}
	}
	return out
}

// pick reorders the channels of a channels-last tensor.
func (e *emitter) pick(x int, channels []int32) int {
	y := e.temp(x, e.m.Tensors[x].Shape)
	e.op(fb.Gather, fb.GatherOptions{Axis: 3}, []int{x, e.int32s(channels)}, y)
	return y
}

// emitSpaceToDepth: as for DepthToSpace, the builtin's order is DCR.
func emitSpaceToDepth(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	b := int32(e.n.Int("blocksize", 1))
	s := e.m.Tensors[x].Shape
	if e.n.Str("mode", "DCR") != "CRD" {
		return e.move(fb.SpaceToDepth, fb.SpaceToDepthOptions{Block: b}, lastOrder, x)
	}
	if unknowns(s) == 0 {
		y := e.blocks(x, []int32{s[0] * s[1] / b, b, s[2] / b, b, s[3]}, 0, 2, 4, 1, 3)
		return e.move(fb.Reshape, nil, lastOrder, y, e.int32s(dimsOf(e.outs[0].Shape, lastOrder)))
	}
	dims := slices.Clone(s)
	for i, k := range []int32{1, b, b, 0} {
		if dims[i] > 0 && k > 0 {
			dims[i] /= k
		}
	}
	dims[3] = s[3] * b * b
	y := e.temp(x, dims)
	e.op(fb.SpaceToDepth, fb.SpaceToDepthOptions{Block: b}, []int{x}, y)
	c := int(s[3])
	order := make([]int32, 0, c*int(b*b))
	for ch := range c {
		for k := range int(b * b) {
			order = append(order, int32(k*c+ch))
		}
	}
	e.set(0, e.pick(y, order), lastOrder)
	return nil
}

// layoutRule keeps operators that this target writes in the model's own order.
func layoutRule(n *ir.Node) (layout.Want, bool) {
	if n.Op == "Resize" && n.In(0).Rank() != 4 || n.Op == "Expand" && !n.Out(0).Shape.IsStatic() {
		return layout.Logical, true
	}
	return 0, false
}

// isHalf: not every kernel takes float16, which only inputs and outputs are here.
func isHalf(v *ir.Value) bool { return v.DType == tensor.Float16 }
