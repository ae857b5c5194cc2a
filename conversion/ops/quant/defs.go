package quant

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	quantizeDef, dequantizeDef, dynamicQuantizeDef,
	qLinearConvDef, qLinearMatMulDef, convIntegerDef, matMulIntegerDef,
}

// oneStep allows one step of the integer grid: correct implementations differ
// in how they round a product of scales.
var oneStep = op.Tolerance{Abs: 1}
