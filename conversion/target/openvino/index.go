package openvino

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var indexOps = map[string]spelling{
	"Gather":          {nil, emitGather},
	"GatherElements":  {nil, emitGatherElements},
	"GatherND":        {nil, emitGatherND},
	"ReverseSequence": {nil, emitReverseSequence},
	"ScatterND":       {legalScatterND, emitScatterND},
	"ScatterElements": {legalScatterElements, emitScatterElements},
	"Unique":          {legalUnique, emitUnique},
	"NonZero":         {legalNonZero, emitNonZero},
	"OneHot":          {legalOneHot, emitOneHot},
}

func emitGather(e *emitter, n *ir.Node) {
	e.final("Gather", "opset8", []attr{{"batch_dims", "0"}}, e.in(0), e.in(1), e.int(n.Int("axis", 0)))
}

func emitGatherElements(e *emitter, n *ir.Node) {
	e.final("GatherElements", "opset6", []attr{{"axis", ints([]int64{n.Int("axis", 0)})}}, e.in(0), e.in(1))
}

func emitGatherND(e *emitter, n *ir.Node) {
	e.final("GatherND", "opset8", []attr{{"batch_dims", ints([]int64{n.Int("batch_dims", 0)})}}, e.in(0), e.in(1))
}

func legalScatterND(n *ir.Node) string {
	if r := n.Str("reduction", "none"); scatterReductions[r] == "" {
		return "ScatterND with reduction " + r + " has no equivalent"
	}
	return ""
}

func emitScatterND(e *emitter, n *ir.Node) {
	if r := n.Str("reduction", "none"); r != "none" {
		e.final("ScatterNDUpdate", "opset15", []attr{{"reduction", scatterReductions[r]}}, e.in(0), e.in(1), e.in(2))
		return
	}
	e.final("ScatterNDUpdate", "opset4", nil, e.in(0), e.in(1), e.in(2))
}

func emitReverseSequence(e *emitter, n *ir.Node) {
	e.final("ReverseSequence", "opset1", []attr{
		{"batch_axis", ints([]int64{n.Int("batch_axis", 1)})}, {"seq_axis", ints([]int64{n.Int("time_axis", 0)})},
	}, e.in(0), e.in(1))
}

// legalUnique: without sorting, the CPU plugin gets the values wrong unless all
// four results are read.
func legalUnique(n *ir.Node) string {
	if n.Int("sorted", 1) != 0 {
		return ""
	}
	for i := range 4 {
		if v := n.Out(i); v == nil || len(v.Uses()) == 0 {
			return "Unique without sorting, which the CPU plugin gets wrong"
		}
	}
	return ""
}

func emitUnique(e *emitter, n *ir.Node) {
	in := []port{e.in(0)}
	if n.Has("axis") {
		in = append(in, e.int(n.Int("axis", 0)))
	}
	p := e.opN("Unique", "opset10", 4, []attr{
		{"sorted", boolean(n.Int("sorted", 1) != 0)}, {"index_element_type", "i64"}, {"count_element_type", "i64"},
	}, in...)
	for i := range 4 {
		q := port{p.l, i}
		if v := n.Out(i); v != nil {
			e.bind(v, q)
		} else {
			q.typed(tensor.Int64, ir.Shape{ir.Symbol("_")})
		}
	}
}

var scatterReductions = map[string]string{"none": "none", "add": "sum", "mul": "prod", "min": "min", "max": "max"}

func legalScatterElements(n *ir.Node) string {
	if r := n.Str("reduction", "none"); scatterReductions[r] == "" {
		return "ScatterElements with reduction " + r + " has no equivalent"
	}
	return ""
}

func emitScatterElements(e *emitter, n *ir.Node) {
	e.final("ScatterElementsUpdate", "opset12", []attr{
		{"reduction", scatterReductions[n.Str("reduction", "none")]}, {"use_init_val", "true"},
	}, e.in(0), e.in(1), e.in(2), e.int(n.Int("axis", 0)))
}

// legalNonZero: of one element that is constant OpenVINO 2026.4 gives places that
// were never written.
func legalNonZero(n *ir.Node) string {
	if d, ok := n.In(0).Shape.Ints(); ok && kernel.Product(d) == 1 && ofConstants(n.In(0)) {
		return "NonZero of a constant is computed wrongly while the file is loaded"
	}
	return ""
}

// ofConstants reports whether v can be computed while the file is loaded.
func ofConstants(v *ir.Value) bool {
	if v == nil || v.IsConst() {
		return true
	}
	n := v.Node()
	return n != nil && !slices.ContainsFunc(n.Inputs, func(in *ir.Value) bool { return !ofConstants(in) })
}

func emitNonZero(e *emitter, _ *ir.Node) {
	e.final("NonZero", "opset3", []attr{{"output_type", "i64"}}, e.in(0))
}

func legalOneHot(n *ir.Node) string {
	if _, ok := n.In(1).ConstScalar(); !ok {
		return "OneHot needs a constant depth"
	}
	if !n.In(2).IsConst() || n.In(2).Const.Len() != 2 {
		return "OneHot needs constant values"
	}
	return ""
}

// emitOneHot: negative indices count from the end in ONNX and are nowhere hot
// in OpenVINO, so they are wrapped first.
func emitOneHot(e *emitter, n *ir.Node) {
	depth, _ := n.In(1).ConstScalar()
	idx := e.convert(e.in(0), tensor.Int64)
	s := n.In(0).Shape
	neg := e.op("Less", "opset1", tensor.Bool, s, numpy, idx, e.int(0))
	up := e.op("Add", "opset1", tensor.Int64, s, numpy, idx, e.int(int64(depth)))
	idx = e.op("Select", "opset1", tensor.Int64, s, numpy, neg, up, idx)
	v := n.In(2).Const.Float64s()
	d := n.In(2).DType
	e.final("OneHot", "opset1", []attr{{"axis", ints([]int64{n.Int("axis", -1)})}}, idx, e.int(int64(depth)), e.scalar(d, v[1]), e.scalar(d, v[0]))
}
