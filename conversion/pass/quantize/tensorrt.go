package quantize

import "slipway/conversion/tensor"

// TensorRT is what TensorRT computes in integers when a network says so
// explicitly: quantizers on the inputs of products, of residual sums and of the
// pools beside them. Every zero point is 0 and biases are float, as its parser
// demands.
var TensorRT = &Profile{
	Name: "tensorrt", lone: 1.0 / 3, Activation: tensor.Int8, symmetric: true, hoist: true,
	roles: roles(map[role][]string{
		product: {"Conv", "ConvTranspose", "MatMul", "Gemm"},
		combine: {"Add"},
		single:  {"AveragePool", "GlobalAveragePool"},
		mover:   {"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"},
		joint:   {"Concat"},
	}),
}
