package openvino

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var detectOps = map[string]spelling{
	"NonMaxSuppression": {legalNMS, emitNMS},
	"RoiAlign":          {legalRoiAlign, emitRoiAlign},
	"DeformConv":        {legalDeformConv, emitDeformConv},
	"Col2Im":            {legalCol2Im, emitCol2Im},
}

func legalNMS(n *ir.Node) string {
	if n.In(0).DType != tensor.Float32 || n.In(1).DType != tensor.Float32 {
		return "NonMaxSuppression takes 32-bit floats"
	}
	return ""
}

// emitNMS gives scalars where ONNX also takes lists of one element, and values
// where it takes none.
func emitNMS(e *emitter, n *ir.Node) {
	scalar := func(i int, d tensor.DType, absent float64) port {
		v := n.In(i)
		switch {
		case v == nil:
			return e.scalar(d, absent)
		case v.Rank() == 0:
			return e.in(i)
		}
		return e.op("Reshape", "opset1", d, ir.Shape{}, []attr{{"special_zero", "false"}}, e.in(i), e.ints())
	}
	// The plugin suppresses at the threshold, ONNX above it: the next number up.
	above := scalar(3, tensor.Float32, 0)
	if v := n.In(3); v == nil || v.IsConst() {
		t := float32(0)
		if v != nil {
			x, _ := v.ConstScalar()
			t = float32(x)
		}
		above = e.scalar(tensor.Float32, float64(math.Nextafter32(t, 2)))
	} else {
		step := e.op("Multiply", "opset1", tensor.Float32, ir.Shape{}, numpy, above, e.scalar(tensor.Float32, 6e-8))
		step = e.op("Add", "opset1", tensor.Float32, ir.Shape{}, numpy, step, e.scalar(tensor.Float32, 2e-38))
		above = e.op("Add", "opset1", tensor.Float32, ir.Shape{}, numpy, above, step)
	}
	encoding := "corner"
	if n.Int("center_point_box", 0) != 0 {
		encoding = "center"
	}
	p := e.opN("NonMaxSuppression", "opset9", 3, []attr{
		{"box_encoding", encoding}, {"sort_result_descending", "false"}, {"output_type", "i64"},
	}, e.in(0), e.in(1), scalar(2, tensor.Int64, 0), above, scalar(4, tensor.Float32, lowest))
	e.finish(p)
	found := n.Out(0).Shape
	port{p.l, 1}.typed(tensor.Float32, found)
	port{p.l, 2}.typed(tensor.Int64, ir.Dims(1))
}

func legalRoiAlign(n *ir.Node) string {
	if n.Str("mode", "avg") != "avg" {
		return "RoiAlign takes the maximum of whole samples there, in ONNX that of weighted pixels"
	}
	return ""
}

func emitRoiAlign(e *emitter, n *ir.Node) {
	mode := "half_pixel_for_nn"
	if n.Str("coordinate_transformation_mode", "half_pixel") == "output_half_pixel" {
		mode = "asymmetric"
	}
	e.final("ROIAlign", "opset9", []attr{
		{"pooled_h", ints([]int64{n.Int("output_height", 1)})},
		{"pooled_w", ints([]int64{n.Int("output_width", 1)})},
		{"sampling_ratio", ints([]int64{n.Int("sampling_ratio", 0)})},
		{"spatial_scale", float(n.Float("spatial_scale", 1))},
		{"mode", "avg"},
		{"aligned_mode", mode},
	}, e.in(0), e.in(1), e.convert(e.in(2), tensor.Int32))
}

func legalDeformConv(n *ir.Node) string {
	if rank(n, 0) != 4 {
		return "DeformConv needs an input of rank 4"
	}
	return ""
}

func emitDeformConv(e *emitter, n *ir.Node) {
	list := func(name string, from, count int, def int64) string {
		out := make([]int64, count)
		for i := range out {
			out[i] = def
			if v := n.Ints(name); from+i < len(v) {
				out[i] = v[from+i]
			}
		}
		return ints(out)
	}
	in := []port{e.in(0), e.in(2), e.in(1)}
	if n.In(4) != nil {
		in = append(in, e.in(4))
	}
	o := n.Out(0)
	p := e.op("DeformableConvolution", "opset8", o.DType, o.Shape, []attr{
		{"strides", list("strides", 0, 2, 1)},
		{"dilations", list("dilations", 0, 2, 1)},
		{"pads_begin", list("pads", 0, 2, 0)},
		{"pads_end", list("pads", 2, 2, 0)},
		{"auto_pad", "explicit"},
		{"group", ints([]int64{n.Int("group", 1)})},
		{"deformable_group", ints([]int64{n.Int("offset_group", 1)})},
		{"bilinear_interpolation_pad", "true"},
	}, in...)
	if n.In(3) != nil {
		p = e.op("Add", "opset1", o.DType, o.Shape, numpy, p, e.perChannel(n.In(3), 4))
	}
	e.finish(p)
}

func legalCol2Im(n *ir.Node) string {
	if v := n.In(1); v.Rank() != 1 || !v.Shape[0].Is(2) || !n.In(0).DType.IsFloat() {
		return "Col2Im is written for images of two axes in floating point"
	}
	return ""
}

func emitCol2Im(e *emitter, n *ir.Node) {
	pair := func(name string, from int, def int64) string {
		v := n.Ints(name)
		if len(v) < from+2 {
			return ints([]int64{def, def})
		}
		return ints(v[from : from+2])
	}
	e.final("Col2Im", "opset15", []attr{
		{"strides", pair("strides", 0, 1)}, {"dilations", pair("dilations", 0, 1)}, {"pads_begin", pair("pads", 0, 0)}, {"pads_end", pair("pads", 2, 0)},
	}, e.in(0), e.in(1), e.in(2))
}
