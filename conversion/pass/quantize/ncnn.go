package quantize

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// NCNN is ncnn's integer layers: convolutions and products with constant weights
// that quantize their own input with one symmetric scale and give floats.
// Everything between them stays in float.
var NCNN = &Profile{
	Name: "ncnn", lone: 1.0 / 3, Activation: tensor.Int8, symmetric: true, floatPairs: true, wrong: constantFirst,
	roles: roles(map[role][]string{product: {"Conv", "Gemm", "MatMul"}}),
}

// constantFirst says why a runtime multiplies in float where the constant comes first.
func constantFirst(n *ir.Node) string {
	if n.Op == "MatMul" && n.In(0).IsConst() {
		return "the runtime's layers of integers take the weights as the second factor"
	}
	return ""
}
