package tensorrt

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// typed says why the parser, or the builder after it, does not take the element
// types of n; "" where it does. These are what TensorRT-RTX 1.7 answered for each
// operator and type.
func typed(n *ir.Node) string {
	quantizes := n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear"
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		outside := v.Node() == nil && !v.IsConst()
		switch d := v.DType; {
		case d == tensor.Uint8 && (n.Op != "Cast" || v.Node() != nil):
			return fmt.Sprintf("TensorRT takes u8 only as an input that is cast at once, which %s does not do", n.Op)
		case narrow(d) && (!quantizes || outside):
			return fmt.Sprintf("TensorRT takes %v only as constants and between QuantizeLinear and DequantizeLinear, not in %s", d, n.Op)
		case d == tensor.Int8 && v.IsConst() && !quantizes:
			return fmt.Sprintf("TensorRT takes constants of i8 only in DequantizeLinear; %s has one as input %d", n.Op, i)
		case i == 0 && slices.Contains(lacks[n.Op], d):
			return fmt.Sprintf("TensorRT's %s does not work on %v", n.Op, d)
		}
	}
	for i := range n.Outputs {
		v := n.Out(i)
		switch {
		case v == nil:
		case v.DType == tensor.Uint8 && (n.Op != "Cast" || len(v.Uses()) > 0):
			return fmt.Sprintf("TensorRT gives u8 only as an output that was just cast, which %s does not do", n.Op)
		case narrow(v.DType) && (!quantizes || len(v.Uses()) == 0):
			return fmt.Sprintf("TensorRT gives %v only between QuantizeLinear and DequantizeLinear, not from %s", v.DType, n.Op)
		}
	}
	return ""
}

// narrow are the types that exist for quantized values alone.
func narrow(d tensor.DType) bool { return d == tensor.Int4 || d == tensor.Float8E4M3FN }

// lacks are element types of the first input that ONNX allows an operator and
// TensorRT does not.
var lacks = func() map[string][]tensor.DType {
	m := map[string][]tensor.DType{
		"Relu": {tensor.Int32, tensor.Int64}, "MatMul": {tensor.Int32, tensor.Int64, tensor.Bool},
		"MaxPool": {tensor.Int32, tensor.Int64, tensor.Bool}, "Resize": {tensor.Int32, tensor.Int64, tensor.Bool},
		"Mod": {tensor.Int8}, "Clip": {tensor.Int8}, "CumSum": {tensor.Int8},
	}
	for _, o := range []string{"ReduceMax", "ReduceMin", "DepthToSpace", "SpaceToDepth", "TopK", "ArgMax", "ArgMin"} {
		m[o] = append(m[o], tensor.Bool)
	}
	return m
}()
