// Package quant defines quantisation: QuantizeLinear and DequantizeLinear with
// one scale a tensor, an axis or a block, DynamicQuantizeLinear, and the
// operators that compute on integers, QLinearConv, QLinearMatMul, ConvInteger
// and MatMulInteger.
package quant
