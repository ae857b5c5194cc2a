package onnx

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// lacks says why a node that ONNX can spell is better written in other operators;
// "" where it is not.
func lacks(n *ir.Node) string {
	switch n.Op {
	case "CastLike":
		for _, v := range []*ir.Value{n.In(0), n.In(1)} {
			if v != nil && v.DType == tensor.Float4E2M1 {
				return "ONNX Runtime has no kernel for the Cast to or from f4e2m1 that CastLike stands for"
			}
		}
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
	case "Softplus":
		if v := n.In(0); v != nil && v.DType == tensor.Float16 {
			return "ONNX Runtime computes Softplus of float16 as Log(Exp(x)+1), which overflows above 11"
		}
	case "MaxUnpool":
		if n.In(2) != nil {
			return "ONNX Runtime places MaxUnpool with an output shape differently"
		}
	}
	return ""
}

// shapeless warns of inputs and outputs of unknown rank, which ONNX Runtime takes
// and ONNX's own checker does not.
func shapeless(g *ir.Graph) diag.List {
	var out diag.List
	for _, v := range g.Outputs {
		if v.Shape == nil && !v.IsContainer() {
			by := ""
			if n := v.Node(); n != nil {
				by = " of " + n.Op
			}
			out = append(out, diag.Warnf("onnx.unknown-rank", "the rank of output %q%s depends on values: ONNX's checker wants one declared, ONNX Runtime does not", v.Name, by))
		}
	}
	return out
}
