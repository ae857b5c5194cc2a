package openvino

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var indexOps = map[string]spelling{
	"Gather":          {nil, emitGather},
	"GatherElements":  {nil, emitGatherElements},
	"GatherND":        {nil, emitGatherND},
	"ScatterND":       {legalScatterND, emitScatterND},
	"ScatterElements": {legalScatterElements, emitScatterElements},
	"NonZero":         {nil, emitNonZero},
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
	if r := n.Str("reduction", "none"); r != "none" {
		return "ScatterND with reduction " + r + " is not written"
	}
	return ""
}

func emitScatterND(e *emitter, _ *ir.Node) {
	e.final("ScatterNDUpdate", "opset4", nil, e.in(0), e.in(1), e.in(2))
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
