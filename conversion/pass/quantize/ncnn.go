package quantize

import "slipway/conversion/tensor"

// NCNN is ncnn's integer layers: convolutions and inner products that quantize
// their own input with one symmetric scale and give floats. Everything between
// them stays in float.
var NCNN = &Profile{
	Name: "ncnn", lone: 1.0 / 3, Activation: tensor.Int8, symmetric: true,
	roles: roles(map[role][]string{product: {"Conv", "Gemm"}}),
}
