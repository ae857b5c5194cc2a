package op

import (
	"fmt"

	"slipway/conversion/tensor"
)

// onnxTypes is TensorProto.DataType of onnx.proto, by number. Attributes of the
// IR that name an element type (Cast's to) keep this numbering.
var onnxTypes = [...]tensor.DType{
	1: tensor.Float32, 2: tensor.Uint8, 3: tensor.Int8, 4: tensor.Uint16, 5: tensor.Int16, 6: tensor.Int32,
	7: tensor.Int64, 8: tensor.String, 9: tensor.Bool, 10: tensor.Float16, 11: tensor.Float64, 12: tensor.Uint32,
	13: tensor.Uint64, 14: tensor.Complex64, 15: tensor.Complex128, 16: tensor.BFloat16, 17: tensor.Float8E4M3FN,
	18: tensor.Float8E4M3FNUZ, 19: tensor.Float8E5M2, 20: tensor.Float8E5M2FNUZ, 21: tensor.Uint4, 22: tensor.Int4,
	23: tensor.Float4E2M1, 24: tensor.Float8E8M0, 25: tensor.Uint2, 26: tensor.Int2,
}

// FromONNXType maps a TensorProto.DataType number to an element type.
func FromONNXType(n int64) (tensor.DType, error) {
	if n > 0 && n < int64(len(onnxTypes)) && onnxTypes[n] != tensor.Invalid {
		return onnxTypes[n], nil
	}
	return tensor.Invalid, fmt.Errorf("element type number %d is not supported", n)
}

// ONNXType is the TensorProto.DataType number of d, 0 for Invalid.
func ONNXType(d tensor.DType) int64 {
	for n, t := range onnxTypes {
		if t == d {
			return int64(n)
		}
	}
	return 0
}
