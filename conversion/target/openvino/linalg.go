package openvino

import (
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var linalgOps = map[string]spelling{
	"MatMul": {nil, func(e *emitter, _ *ir.Node) { e.finish(e.matMul(false, false)) }},
	"Gemm":   {nil, emitGemm},
	"Einsum": {nil, emitEinsum},
}

func (e *emitter) matMul(transA, transB bool) port {
	o, b := e.cur.Out(0), e.cur.In(1)
	if e.cur.Op == "MatMul" && leftToProducts(e.g, b.Node()) {
		b, transB = b.Node().In(0), true
	}
	return e.op("MatMul", "opset1", o.DType, o.Shape, []attr{
		{"transpose_a", boolean(transA)}, {"transpose_b", boolean(transB)},
	}, e.in(0), e.value(b))
}

// emitGemm writes alpha*A'*B' + beta*C as MatMul, Multiply and Add; factors of 1
// are left out and a constant C takes beta in.
func emitGemm(e *emitter, n *ir.Node) {
	o := n.Out(0)
	p := e.matMul(n.Int("transA", 0) != 0, n.Int("transB", 0) != 0)
	if a := n.Float("alpha", 1); a != 1 {
		p = e.op("Multiply", "opset1", o.DType, o.Shape, numpy, p, e.scalar(o.DType, a))
	}
	beta := n.Float("beta", 1)
	if n.In(2) != nil && beta != 0 {
		c := e.addend(n.In(2), beta)
		p = e.op("Add", "opset1", o.DType, o.Shape, numpy, p, c)
	}
	e.finish(p)
}

func (e *emitter) addend(v *ir.Value, beta float64) port {
	if beta == 1 {
		return e.value(v)
	}
	if v.IsConst() && v.DType == tensor.Float32 {
		src := tensor.View[float32](v.Const)
		t := tensor.New(tensor.Float32, v.Const.Shape()...)
		for i, x := range src {
			tensor.View[float32](t)[i] = float32(beta) * x
		}
		return e.constant(t)
	}
	return e.op("Multiply", "opset1", v.DType, v.Shape, numpy, e.value(v), e.scalar(v.DType, beta))
}

func emitEinsum(e *emitter, n *ir.Node) {
	in := make([]port, len(n.Inputs))
	for i := range in {
		in[i] = e.in(i)
	}
	e.final("Einsum", "opset7", []attr{{"equation", strings.ReplaceAll(n.Str("equation", ""), " ", "")}}, in...)
}
