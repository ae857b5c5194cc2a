package openvino

import (
	"math"

	"slipway/conversion/ir"
)

var normOps = map[string]spelling{
	"BatchNormalization":        {legalBatchNorm, emitBatchNorm},
	"InstanceNormalization":     {needRank, emitInstanceNorm},
	"LayerNormalization":        {legalLayerNorm, emitLayerNorm},
	"GroupNormalization":        {nil, emitGroupNorm},
	"MeanVarianceNormalization": {needRank, emitMVN},
	"LRN":                       {legalLRN, emitLRN},
}

func legalBatchNorm(n *ir.Node) string {
	if n.Int("training_mode", 0) != 0 || n.Out(1) != nil {
		return "BatchNormalization in training mode has no equivalent"
	}
	if rank(n, 0) < 2 {
		return "BatchNormalization needs an input of rank 2 or more"
	}
	return ""
}

func emitBatchNorm(e *emitter, n *ir.Node) {
	d := n.Out(0).DType
	in := []port{e.in(0)}
	for i := 1; i < 5; i++ {
		in = append(in, e.convert(e.in(i), d))
	}
	e.final("BatchNormInference", "opset5", []attr{{"epsilon", float(n.Float("epsilon", 1e-5))}}, in...)
}

// mvn normalises over the axes: (x-mean)/sqrt(var+eps).
func (e *emitter) mvn(p port, eps float64, mode string, axes []int64) port {
	return e.op("MVN", "opset6", p.dtype(), p.shape(), []attr{
		{"eps", float(eps)}, {"normalize_variance", "true"}, {"eps_mode", mode},
	}, p, e.ints(axes...))
}

func axesFrom(first, rank int) []int64 {
	var a []int64
	for i := first; i < rank; i++ {
		a = append(a, int64(i))
	}
	return a
}

func emitInstanceNorm(e *emitter, n *ir.Node) {
	r, o := rank(n, 0), n.Out(0)
	p := e.mvn(e.in(0), n.Float("epsilon", 1e-5), "INSIDE_SQRT", axesFrom(2, r))
	p = e.op("Multiply", "opset1", o.DType, o.Shape, numpy, p, e.perChannel(n.In(1), r))
	e.final("Add", "opset1", numpy, p, e.perChannel(n.In(2), r))
}

func legalLayerNorm(n *ir.Node) string {
	if n.Out(1) != nil || n.Out(2) != nil {
		return "LayerNormalization that also gives mean and deviation has no equivalent"
	}
	return needRank(n)
}

func emitLayerNorm(e *emitter, n *ir.Node) {
	r, o := rank(n, 0), n.Out(0)
	axis := int(n.Int("axis", -1))
	if axis < 0 {
		axis += r
	}
	p := e.mvn(e.in(0), n.Float("epsilon", 1e-5), "INSIDE_SQRT", axesFrom(axis, r))
	p = e.op("Multiply", "opset1", o.DType, o.Shape, numpy, p, e.in(1))
	if n.In(2) != nil {
		p = e.op("Add", "opset1", o.DType, o.Shape, numpy, p, e.in(2))
	}
	e.finish(p)
}

func emitGroupNorm(e *emitter, n *ir.Node) {
	e.final("GroupNormalization", "opset12", []attr{
		{"num_groups", ints([]int64{n.Int("num_groups", 1)})}, {"epsilon", float(n.Float("epsilon", 1e-5))},
	}, e.in(0), e.in(1), e.in(2))
}

// emitMVN: ONNX adds 1e-9 to the deviation, not to the variance.
func emitMVN(e *emitter, n *ir.Node) {
	axes := n.Ints("axes")
	if axes == nil {
		axes = []int64{0, 2, 3}
	}
	e.finish(e.mvn(e.in(0), 1e-9, "OUTSIDE_SQRT", axes))
}

func legalLRN(n *ir.Node) string {
	if n.Int("size", 1)%2 == 0 {
		return "LRN over an even number of channels has no equivalent"
	}
	if b := n.Float("bias", 1); b != math.Trunc(b) {
		return "LRN with a bias that is no whole number, which the CPU plugin truncates"
	}
	return needRank(n)
}

func emitLRN(e *emitter, n *ir.Node) {
	e.final("LRN", "opset1", []attr{
		{"alpha", float(n.Float("alpha", 1e-4))},
		{"beta", float(n.Float("beta", 0.75))},
		{"bias", float(n.Float("bias", 1))},
		{"size", ints([]int64{n.Int("size", 1)})},
	}, e.in(0), e.ints(1))
}
