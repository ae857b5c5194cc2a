package coreml

import (
	"slipway/conversion/ir"
)

var normOps = map[string]spelling{
	"BatchNormalization":    {all(floats, ranks(3, 5), needFixed(1, 2, 3, 4)), emitBatchNorm},
	"InstanceNormalization": {all(floats, ranks(3, 4), needFixed(1, 2)), emitInstanceNorm},
	"LayerNormalization":    {all(floats, needFixed(1, 2), legalLayerNorm), emitLayerNorm},
	"LRN":                   {all(floats, ranks(3, 5), legalLRN), emitLRN},
}

func (e *emitter) constant(name string, i int) arg {
	t := e.constantOf(e.cur.In(i))
	if t == nil {
		e.fail("input %d is not constant", i)
		return arg{name: name}
	}
	return lit(name, e.hold(t))
}

func emitBatchNorm(e *emitter, n *ir.Node) {
	x := e.in(0)
	e.final("batch_norm", in("x", x), e.constant("mean", 3), e.constant("variance", 4), e.constant("gamma", 1), e.constant("beta", 2),
		real("epsilon", x.dtype, n.Float("epsilon", 1e-5)))
}

func emitInstanceNorm(e *emitter, n *ir.Node) {
	x := e.in(0)
	e.final("instance_norm", in("x", x), e.constant("gamma", 1), e.constant("beta", 2), real("epsilon", x.dtype, n.Float("epsilon", 1e-5)))
}

func legalLayerNorm(n *ir.Node) string {
	if n.Out(1) != nil || n.Out(2) != nil {
		return "LayerNormalization that also gives mean and deviation has no equivalent"
	}
	a := axis(n.Int("axis", -1), rank(n, 0))
	for i := 1; i < 3; i++ {
		if v := n.In(i); v != nil && !v.Shape.Equal(n.In(0).Shape[a:]) {
			return "LayerNormalization with a scale of another shape than its axes has no equivalent"
		}
	}
	return ""
}

func emitLayerNorm(e *emitter, n *ir.Node) {
	x := e.in(0)
	var axes []int
	for i := axis(n.Int("axis", -1), len(x.shape)); i < len(x.shape); i++ {
		axes = append(axes, i)
	}
	args := []arg{in("x", x), ints("axes", axes...), e.constant("gamma", 1)}
	if n.In(2) != nil {
		args = append(args, e.constant("beta", 2))
	}
	e.final("layer_norm", append(args, real("epsilon", x.dtype, n.Float("epsilon", 1e-5)))...)
}

func legalLRN(n *ir.Node) string {
	if n.Int("size", 1)%2 == 0 {
		return "LRN over an even number of channels has no equivalent"
	}
	return ""
}

func emitLRN(e *emitter, n *ir.Node) {
	x := e.in(0)
	e.final("local_response_norm", in("x", x), num("size", int(n.Int("size", 1))), real("alpha", x.dtype, n.Float("alpha", 1e-4)),
		real("beta", x.dtype, n.Float("beta", 0.75)), real("k", x.dtype, n.Float("bias", 1)))
}
