package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var imageOps = map[string]spelling{
	"Resize":       {all(floats, ranks(1, 5), needFixed(2, 3), legalResize), emitResize},
	"DepthToSpace": {all(floats, ranks(4, 4)), emitDepthToSpace},
	"SpaceToDepth": {all(floats, ranks(4, 4)), emitSpaceToDepth},
	"GridSample":   {all(floats, ranks(4, 4), legalGridSample), emitGridSample},
}

func emitDepthToSpace(e *emitter, n *ir.Node) {
	size := int(n.Int("blocksize", 1))
	if n.Str("mode", "DCR") == "CRD" {
		e.final("pixel_shuffle", in("x", e.in(0)), num("upscale_factor", size))
		return
	}
	e.final("depth_to_space", in("x", e.in(0)), num("block_size", size))
}

func emitSpaceToDepth(e *emitter, n *ir.Node) {
	if n.Str("mode", "DCR") == "CRD" {
		e.final("pixel_unshuffle", in("x", e.in(0)), lit("downscale_factor", tensor.Scalar(uint32(n.Int("blocksize", 1)))))
		return
	}
	e.final("space_to_depth", in("x", e.in(0)), num("block_size", int(n.Int("blocksize", 1))))
}

func legalResize(n *ir.Node) string {
	if n.Str("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize" {
		return "Resize of a region has no equivalent"
	}
	if n.Str("keep_aspect_ratio_policy", "stretch") != "stretch" && n.Str("coordinate_transformation_mode", "half_pixel") != "asymmetric" && n.In(3) == nil {
		return "Resize that keeps the aspect ratio has no equivalent"
	}
	return ""
}

// emitResize writes the operation that Core ML has for the case, and else what
// resizing is: a product with a small matrix along each axis, or, for the nearest
// element, a gather along it.
func emitResize(e *emitter, n *ir.Node) {
	x, out := e.in(0), shapeOf(n.Out(0))
	if e.err != nil {
		return
	}
	if !keepsScale(n) && slices.ContainsFunc([]*ir.Value{n.In(0), n.Out(0)}, func(v *ir.Value) bool { return resizesOpen(n, v) }) {
		e.openResize(n, x)
		return
	}
	if e.wholeUpsample(n, x, out) || e.bilinear(n, x, out) {
		return
	}
	if keepsScale(n) && !n.Out(0).Shape.IsStatic() {
		e.final("upsample_bilinear", in("x", x), num("scale_factor_height", wholeFactor(n, 2)), num("scale_factor_width", wholeFactor(n, 3)),
			flag("align_corners", n.Str("coordinate_transformation_mode", "half_pixel") == "align_corners"))
		return
	}
	mode := n.Str("mode", "nearest")
	p := x
	for a := range out {
		m := e.along(n, a, x.shape[a], out[a])
		if m == nil {
			continue
		}
		shape := slices.Clone(p.shape)
		shape[a] = out[a]
		if mode == "nearest" {
			p = e.op("gather", p.dtype, shape, in("x", p), in("indices", e.literal(n.Name+"_indices", rowsOf(m))), num("axis", a), num("batch_dims", 0))
			continue
		}
		p = e.product(p, m, a, shape)
	}
	e.finish(p)
}

// along is the matrix [out,in] by which n resizes axis a; nil where it leaves it
// as it is. The operator's own arithmetic on the identity gives it.
func (e *emitter) along(n *ir.Node, a, size, out int) *tensor.Tensor {
	given := n.In(2)
	index := 2
	if given == nil || e.constantOf(given).Len() == 0 {
		given, index = n.In(3), 3
	}
	t := e.constantOf(given)
	if t == nil && (index == 2 || !openSizes(given)) {
		e.fail("scales or sizes are not constant")
		return nil
	}
	at := a
	if axes := n.Ints("axes"); axes != nil {
		if at = slices.IndexFunc(axes, func(x int64) bool { return axis(x, rank(n, 0)) == a }); at < 0 {
			return nil
		}
	}
	v := 1.0
	if index == 2 {
		v = t.Float64s()[at]
	}
	if index == 2 && v == 1 || size == out && index == 3 {
		return nil
	}
	eye := tensor.New(tensor.Float32, size, size)
	for i := range size {
		tensor.View[float32](eye)[i*size+i] = 1
	}
	k := &ir.Node{Name: n.Name, Op: "Resize", Attrs: n.Attrs.Clone(), Outputs: []*ir.Value{{Name: "m"}}}
	delete(k.Attrs, "axes")
	delete(k.Attrs, "keep_aspect_ratio_policy")
	args := []*tensor.Tensor{eye, nil, nil, nil}
	if index == 2 {
		args[2] = tensor.Of([]float32{float32(v), 1}, 2)
	} else {
		args[3] = tensor.Of([]int64{int64(out), int64(size)}, 2)
	}
	k.Inputs = make([]*ir.Value, len(args))
	r, err := e.reg.EvalNode(k, args)
	if err != nil {
		e.fail("%w", err)
		return nil
	}
	if !equalInts(r[0].Shape(), []int{out, size}) {
		e.fail("axis %d resizes to %v, not %d", a, r[0].Shape(), out)
		return nil
	}
	return r[0]
}

// rowsOf gives, for a matrix of zeros and one 1 in each row, the place of the 1.
func rowsOf(m *tensor.Tensor) *tensor.Tensor {
	out := tensor.New(tensor.Int32, m.Shape()[0])
	v, cols := tensor.View[float32](m), m.Shape()[1]
	for i := range m.Shape()[0] {
		tensor.View[int32](out)[i] = int32(max(0, slices.Index(v[i*cols:(i+1)*cols], 1)))
	}
	return out
}

// product multiplies axis a of p by m. The two last axes take a matmul as they
// are; another is brought to the end and back.
func (e *emitter) product(p val, m *tensor.Tensor, a int, shape []int) val {
	r := len(shape)
	weights := e.literal(e.cur.Name+"_weights", e.cast(m, p.dtype))
	if a == r-2 {
		return e.op("matmul", p.dtype, shape, in("x", weights), in("y", p), flag("transpose_x", false), flag("transpose_y", false))
	}
	if a == r-1 && r > 1 {
		return e.op("matmul", p.dtype, shape, in("x", p), in("y", weights), flag("transpose_x", false), flag("transpose_y", true))
	}
	if r == 1 {
		q := e.op("matmul", p.dtype, []int{1, shape[0]}, in("x", e.reshape(p, []int{1, p.shape[0]})), in("y", weights), flag("transpose_x", false), flag("transpose_y", true))
		return e.reshape(q, shape)
	}
	perm := make([]int, r)
	for i := range perm {
		perm[i] = i
	}
	perm[a], perm[r-1] = r-1, a // its own inverse
	turned := func(s []int) []int {
		t := slices.Clone(s)
		t[a], t[r-1] = s[r-1], s[a]
		return t
	}
	q := e.op("transpose", p.dtype, turned(p.shape), in("x", p), ints("perm", perm...))
	q = e.op("matmul", p.dtype, turned(shape), in("x", q), in("y", weights), flag("transpose_x", false), flag("transpose_y", true))
	return e.op("transpose", p.dtype, shape, in("x", q), ints("perm", perm...))
}

func (e *emitter) cast(t *tensor.Tensor, d tensor.DType) *tensor.Tensor {
	out, err := t.Cast(d)
	if err != nil {
		e.fail("%w", err)
		return t
	}
	return out
}

// wholeUpsample writes upsample_nearest_neighbor where every element is repeated
// a whole number of times in height and width.
func (e *emitter) wholeUpsample(n *ir.Node, x val, out []int) bool {
	if n.Str("mode", "nearest") != "nearest" || len(out) != 4 || x.shape[0] != out[0] || x.shape[1] != out[1] {
		return false
	}
	scale := [2]int{}
	for i := range 2 {
		size, to := x.shape[i+2], out[i+2]
		if k := wholeFactor(n, i+2); size < 0 {
			size, to = 7, 7*k // any size shows the same
		}
		if size == 0 || to%size != 0 {
			return false
		}
		scale[i] = to / size
		if m := e.along(n, i+2, size, to); m != nil {
			for j, k := range tensor.View[int32](rowsOf(m)) {
				if int(k) != j/scale[i] {
					return false
				}
			}
		}
	}
	if scale == [2]int{1, 1} {
		return false
	}
	e.final("upsample_nearest_neighbor", in("x", x), num("scale_factor_height", scale[0]), num("scale_factor_width", scale[1]))
	return true
}

// wholeFactor is how many times larger the result of n is along an axis, 0 where
// that is no whole number or not known.
func wholeFactor(n *ir.Node, axis int) int {
	q, ok := n.Out(0).Shape[axis].Div(n.In(0).Shape[axis])
	if !ok {
		return 0
	}
	k, _ := q.Int()
	return int(k)
}

// keepsScale reports whether n makes height and width larger by whole numbers, in
// a way that an operation has which takes these instead of sizes.
func keepsScale(n *ir.Node) bool {
	a, b := n.In(0).Shape, n.Out(0).Shape
	if len(a) != 4 || !a[0].Equal(b[0]) || !a[1].Equal(b[1]) || wholeFactor(n, 2)*wholeFactor(n, 3) < 2 {
		return false
	}
	c := n.Str("coordinate_transformation_mode", "half_pixel")
	if n.Str("mode", "nearest") == "nearest" {
		switch n.Str("nearest_mode", "round_prefer_floor") {
		case "floor":
			return c == "asymmetric"
		case "round_prefer_floor", "round_prefer_ceil":
			return c == "half_pixel" || c == "pytorch_half_pixel"
		}
		return false
	}
	if n.Str("mode", "") != "linear" || n.Int("antialias", 0) != 0 {
		return false
	}
	// A single row has no corners apart.
	one := func(i int) bool { return wholeFactor(n, i) == 1 && (!a[i].IsStatic() || a[i].Is(1)) }
	return c == "half_pixel" || c == "pytorch_half_pixel" || c == "align_corners" && !one(2) && !one(3)
}

// bilinearModes are the sampling modes of resize_bilinear by the coordinates that
// they stand for.
var bilinearModes = map[string]string{
	"align_corners": "STRICT_ALIGN_CORNERS", "asymmetric": "DEFAULT", "half_pixel": "UNALIGN_CORNERS", "pytorch_half_pixel": "UNALIGN_CORNERS",
}

// bilinear writes resize_bilinear, which scales by the quotient of the sizes.
func (e *emitter) bilinear(n *ir.Node, x val, out []int) bool {
	c := n.Str("coordinate_transformation_mode", "half_pixel")
	mode := bilinearModes[c]
	if n.Str("mode", "nearest") != "linear" || mode == "" || len(out) != 4 || x.shape[0] != out[0] || x.shape[1] != out[1] || n.Int("antialias", 0) != 0 {
		return false
	}
	scales := e.constantOf(n.In(2))
	for i := 2; i < 4; i++ {
		if out[i] < 2 {
			return false // the modes differ in what one element is
		}
		if scales == nil || scales.Len() == 0 || c == "align_corners" {
			continue
		}
		at := i
		if axes := n.Ints("axes"); axes != nil {
			if at = slices.IndexFunc(axes, func(a int64) bool { return axis(a, 4) == i }); at < 0 {
				continue
			}
		}
		if float32(out[i])/float32(x.shape[i]) != float32(scales.Float64s()[at]) {
			return false
		}
	}
	e.final("resize_bilinear", in("x", x), num("target_size_height", out[2]), num("target_size_width", out[3]), word("sampling_mode", mode))
	return true
}

var gridPaddings = map[string]string{"zeros": "constant", "border": "border"}

func legalGridSample(n *ir.Node) string {
	if n.Str("mode", "linear") != "linear" {
		return "GridSample in mode " + n.Str("mode", "") + " has no equivalent"
	}
	if p := n.Str("padding_mode", "zeros"); gridPaddings[p] == "" {
		return "GridSample that pads by " + p + " has no equivalent"
	}
	return ""
}

func emitGridSample(e *emitter, n *ir.Node) {
	x := e.in(0)
	e.final("resample", in("x", x), in("coordinates", e.in(1)), word("sampling_mode", "bilinear"),
		word("padding_mode", gridPaddings[n.Str("padding_mode", "zeros")]), real("padding_value", x.dtype, 0),
		word("coordinates_mode", "normalized_minus_one_to_one"), flag("align_corners", n.Int("align_corners", 0) != 0))
}
