package coreml

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var shapeReaders = map[string]func(*reader){
	"reshape": readReshape,
	"shape": func(r *reader) {
		r.final("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int32)}, r.node("Shape", nil, r.v("x")))
	},
	"transpose":   func(r *reader) { r.final("Transpose", ir.Attrs{"perm": r.ints("perm")}, r.v("x")) },
	"squeeze":     readSqueeze,
	"expand_dims": func(r *reader) { r.final("Unsqueeze", nil, r.v("x"), r.constInts(r.ints("axes")...)) },
	"concat": func(r *reader) {
		if r.flag("interleave", false) {
			r.fail("interleaving is not read")
		}
		r.final("Concat", ir.Attrs{"axis": r.int("axis", 0)}, r.list("values")...)
	},
	"split":    readSplit,
	"tile":     func(r *reader) { r.final("Tile", nil, r.v("x"), r.sizes("reps")) },
	"range_1d": func(r *reader) { r.final("Range", nil, r.v("start"), r.v("end"), r.v("step")) },
	"reverse": func(r *reader) {
		axes := r.ints("axes")
		minus, stop := make([]int64, len(axes)), make([]int64, len(axes))
		for i := range axes {
			minus[i], stop[i] = -1, math.MinInt64
		}
		r.final("Slice", nil, r.v("x"), r.constInts(minus...), r.constInts(stop...), r.constInts(axes...), r.constInts(minus...))
	},
	"slice_by_index":    readSlice,
	"pad":               readPad,
	"pixel_shuffle":     func(r *reader) { r.blocks("DepthToSpace", "upscale_factor", "CRD") },
	"depth_to_space":    func(r *reader) { r.blocks("DepthToSpace", "block_size", "DCR") },
	"space_to_depth":    func(r *reader) { r.final("SpaceToDepth", ir.Attrs{"blocksize": r.int("block_size", 1)}, r.v("x")) },
	"resize_bilinear":   readResizeBilinear,
	"resample":          readResample,
	"upsample_bilinear": readUpsampleBilinear,
	"upsample_nearest_neighbor": func(r *reader) {
		scales := tensor.Of([]float32{1, 1, float32(r.real("scale_factor_height", 1)), float32(r.real("scale_factor_width", 1))}, 4)
		r.final("Resize", ir.Attrs{"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, r.v("x"), nil, r.g.AddConst("scales", scales))
	},
}

func readReshape(r *reader) { r.final("Reshape", nil, r.v("x"), r.sizes("shape")) }

// sizes is an argument that may be computed, in the 64 bits that tell sizes in a
// graph.
func (r *reader) sizes(name string) *ir.Value {
	v := r.v(name)
	if v == nil || v.IsConst() {
		return r.constInts(r.ints(name)...)
	}
	return r.node("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int64)}, v)
}

func readSqueeze(r *reader) {
	if axes := r.ints("axes"); axes != nil {
		r.final("Squeeze", nil, r.v("x"), r.constInts(axes...))
		return
	}
	r.final("Squeeze", nil, r.v("x"))
}

func readSplit(r *reader) {
	sizes, x, axis := r.ints("split_sizes"), r.v("x"), r.int("axis", 0)
	count := r.int("num_splits", int64(len(r.o.Outputs)))
	if int(count) != len(r.o.Outputs) || sizes != nil && len(sizes) != len(r.o.Outputs) {
		r.fail("has %d results", len(r.o.Outputs))
		return
	}
	inputs, attrs := []*ir.Value{x}, ir.Attrs{"axis": axis}
	if sizes != nil {
		inputs = append(inputs, r.constInts(sizes...))
	} else {
		attrs["num_outputs"] = count
	}
	names := make([]string, len(r.o.Outputs))
	for i, o := range r.o.Outputs {
		names[i] = o.Name
	}
	for i, v := range r.nodes("Split", attrs, inputs, names...) {
		r.vals[names[i]] = v
	}
}

// readSlice: a masked begin or end reaches to that side of the axis.
func readSlice(r *reader) {
	if b, e := r.v("begin"), r.v("end"); b != nil && e != nil && (!b.IsConst() || !e.IsConst()) {
		readComputedSlice(r)
		return
	}
	x, begin, end, stride := r.v("x"), r.ints("begin"), r.ints("end"), r.ints("stride")
	first, last := r.flags("begin_mask"), r.flags("end_mask")
	for _, f := range r.flags("squeeze_mask") {
		if f {
			r.fail("squeezing is not read")
		}
	}
	n := x.Rank()
	if len(begin) != n || len(end) != n || stride != nil && len(stride) != n || first != nil && len(first) != n || last != nil && len(last) != n {
		r.fail("begin, end and stride must name each of the %d axes", n)
		return
	}
	axes, starts, ends, steps := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range n {
		axes[i], starts[i], ends[i], steps[i] = int64(i), begin[i], end[i], 1
		if stride != nil {
			steps[i] = stride[i]
		}
		if steps[i] < 1 {
			r.fail("stride %d is not read", steps[i])
		}
		if first != nil && first[i] {
			starts[i] = 0
		}
		if last != nil && last[i] {
			ends[i] = math.MaxInt64
		}
	}
	r.final("Slice", nil, x, r.constInts(starts...), r.constInts(ends...), r.constInts(axes...), r.constInts(steps...))
}

// readComputedSlice is readSlice of bounds that the program computes.
func readComputedSlice(r *reader) {
	x, n := r.v("x"), r.v("x").Rank()
	pick := func(mask, name string, far int64) *ir.Value {
		v, m := r.sizes(name), r.flags(mask)
		if m == nil || !slices.Contains(m, true) {
			return v
		}
		t, other := tensor.New(tensor.Bool, n), make([]int64, n)
		for i := range n {
			if other[i] = far; i < len(m) && m[i] {
				t.Bytes()[i] = 1
			}
		}
		return r.node("Where", nil, r.g.AddConst(mask, t), r.constInts(other...), v)
	}
	if slices.Contains(r.flags("squeeze_mask"), true) {
		r.fail("squeezing is not read")
		return
	}
	axes, steps := make([]int64, n), r.ints("stride")
	for i := range axes {
		axes[i] = int64(i)
	}
	if steps == nil {
		steps = slices.Repeat([]int64{1}, n)
	}
	if slices.Min(append(slices.Clone(steps), 1)) < 1 || len(steps) != n {
		r.fail("strides %v are not read", steps)
		return
	}
	r.final("Slice", nil, x, pick("begin_mask", "begin", 0), pick("end_mask", "end", math.MaxInt64), r.constInts(axes...), r.constInts(steps...))
}

// readPad: pad names the last axes, begins and ends alternating.
func readPad(r *reader) {
	x, pad := r.v("x"), r.ints("pad")
	mode, ok := map[string]string{"constant": "constant", "reflect": "reflect", "replicate": "edge"}[r.str("mode", "constant")]
	n, k := x.Rank(), len(pad)/2
	if !ok || k > n {
		r.fail("mode or pad is not read")
		return
	}
	pads := make([]int64, 2*n)
	for i := range k {
		pads[n-k+i], pads[2*n-k+i] = pad[2*i], pad[2*i+1]
	}
	value := r.real("constant_val", 0)
	if mode != "constant" {
		r.final("Pad", ir.Attrs{"mode": mode}, x, r.constInts(pads...))
		return
	}
	r.final("Pad", ir.Attrs{"mode": mode}, x, r.constInts(pads...), r.scalar(x, value))
}

func (r *reader) blocks(name, arg, mode string) {
	r.final(name, ir.Attrs{"blocksize": r.int(arg, 1), "mode": mode}, r.v("x"))
}

// readResizeBilinear: the modes say where sample i of the output lies in the
// input: STRICT_ALIGN_CORNERS at i*(in-1)/(out-1), DEFAULT at i*in/out,
// UNALIGN_CORNERS at (i+0.5)*in/out-0.5.
func readResizeBilinear(r *reader) {
	x := r.v("x")
	c, ok := map[string]string{"STRICT_ALIGN_CORNERS": "align_corners", "DEFAULT": "asymmetric", "UNALIGN_CORNERS": "half_pixel"}[r.str("sampling_mode", "DEFAULT")]
	if !ok || x.Rank() != 4 {
		r.fail("sampling mode or rank is not read")
		return
	}
	sizes := r.constInts(r.int("target_size_height", 1), r.int("target_size_width", 1))
	r.final("Resize", ir.Attrs{"mode": "linear", "coordinate_transformation_mode": c, "axes": []int64{2, 3}}, x, nil, nil, sizes)
}

// readUpsampleBilinear reads scales that are whole numbers; of others the
// operation recomputes them from the sizes.
func readUpsampleBilinear(r *reader) {
	x, h, w := r.v("x"), r.real("scale_factor_height", 1), r.real("scale_factor_width", 1)
	align := r.flag("align_corners", true)
	if x.Rank() != 4 || h != math.Trunc(h) || w != math.Trunc(w) || r.flag("half_pixel_centers", !align) == align {
		r.fail("rank, scales or coordinates are not read")
		return
	}
	c := "half_pixel"
	if align {
		c = "align_corners"
	}
	scales := tensor.Of([]float32{1, 1, float32(h), float32(w)}, 4)
	r.final("Resize", ir.Attrs{"mode": "linear", "coordinate_transformation_mode": c}, x, nil, r.g.AddConst("scales", scales))
}

func readResample(r *reader) {
	padding, ok := map[string]string{"constant": "zeros", "border": "border"}[r.str("padding_mode", "")]
	if !ok || r.str("sampling_mode", "") != "bilinear" || r.str("coordinates_mode", "") != "normalized_minus_one_to_one" || r.real("padding_value", 0) != 0 {
		r.fail("a mode is not read")
		return
	}
	align := int64(0)
	if r.flag("align_corners", false) {
		align = 1
	}
	r.final("GridSample", ir.Attrs{"mode": "linear", "padding_mode": padding, "align_corners": align}, r.v("x"), r.v("coordinates"))
}

var indexReaders = map[string]func(*reader){
	"gather": func(r *reader) {
		if r.int("batch_dims", 0) != 0 {
			r.fail("batches are not read")
		}
		r.final("Gather", ir.Attrs{"axis": r.int("axis", 0)}, r.v("x"), r.v("indices"))
	},
	"gather_along_axis": func(r *reader) {
		r.final("GatherElements", ir.Attrs{"axis": r.int("axis", 0)}, r.v("x"), r.v("indices"))
	},
	"gather_nd": func(r *reader) {
		x := r.v("indices") // IR wants 64 bits
		x = r.node("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int64)}, x)
		r.final("GatherND", ir.Attrs{"batch_dims": r.int("batch_dims", 0)}, r.v("x"), x)
	},
	"scatter_nd": func(r *reader) {
		mode := r.str("mode", "add")
		if mode == "update" {
			mode = "none"
		}
		at := r.node("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int64)}, r.v("indices"))
		r.final("ScatterND", ir.Attrs{"reduction": mode}, r.v("data"), at, r.v("updates"))
	},
	"one_hot": func(r *reader) {
		on, off := r.c("on_value"), r.c("off_value")
		if on == nil || off == nil || on.DType() != off.DType() {
			r.fail("without values is not read")
			return
		}
		values, err := tensor.FromFloat64s(on.DType(), []float64{off.Float64s()[0], on.Float64s()[0]}, 2)
		if err != nil {
			r.fail("%w", err)
			return
		}
		r.final("OneHot", ir.Attrs{"axis": r.int("axis", -1)}, r.v("indices"), r.constInts(r.int("one_hot_vector_size", 1)), r.g.AddConst("values", values))
	},
}
