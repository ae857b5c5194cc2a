package onnx

import "slipway/conversion/ir"

// lacks says why a node that ONNX can spell is better written in other operators;
// "" where it is not.
func lacks(n *ir.Node) string {
	switch n.Op {
	case "MeanVarianceNormalization":
		return "ONNX's own checker does not take MeanVarianceNormalization, for a fault in the operator's function body"
	case "ConvInteger":
		if n.In(2) == nil || n.In(3) != nil && n.In(3).Rank() > 0 {
			return "ONNX Runtime wants one zero point for each side of ConvInteger"
		}
	case "STFT":
		if n.In(3).IsConst() || n.In(2).IsConst() {
			return "ONNX's own checker does not take STFT of a frame length that is constant"
		}
	case "MaxUnpool":
		if n.In(2) != nil {
			return "ONNX Runtime places MaxUnpool with an output shape differently"
		}
	}
	return ""
}
