package openvino

import "slipway/conversion/tensor"

// elementTypes maps ov_element_type_e (openvino/c/ov_common.h) to tensor types.
// Types that no tensor of ours can hold (u1, nf4, string …) are absent.
var elementTypes = map[uint32]tensor.DType{
	1: tensor.Bool, 2: tensor.BFloat16, 3: tensor.Float16, 4: tensor.Float32, 5: tensor.Float64,
	6: tensor.Int4, 7: tensor.Int8, 8: tensor.Int16, 9: tensor.Int32, 10: tensor.Int64,
	14: tensor.Uint4, 16: tensor.Uint8, 17: tensor.Uint16, 18: tensor.Uint32, 19: tensor.Uint64,
	21: tensor.Float8E4M3FN, 22: tensor.Float8E5M2,
}
