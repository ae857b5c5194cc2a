package op

import "slipway/conversion/ir"

// MACs counts the multiply-accumulates of one run of n: every output element of
// a convolution or product takes one for each term of its sum. Symbolic sizes
// count as 1, so that a dynamic batch gives the work for one item; -1 where a
// size is not known at all.
func MACs(n *ir.Node) int64 {
	switch n.Op {
	case "Conv", "ConvInteger", "QLinearConv":
		w := 1
		if n.Op == "QLinearConv" {
			w = 3
		}
		return filtered(n.Out(0), n.In(w))
	case "ConvTranspose":
		return filtered(n.In(0), n.In(1))
	case "MatMul", "Gemm", "MatMulInteger":
		a := n.In(0)
		if a == nil || a.Rank() < 1 || n.Out(0) == nil {
			return -1
		}
		k := a.Shape[len(a.Shape)-1]
		if n.Op == "Gemm" && n.Int("transA", 0) == 1 {
			k = a.Shape[0]
		}
		return times(n.Out(0), k)
	}
	return 0
}

// filtered is elements(v) * elements(w)/w.Shape[0], that is, one term per weight
// of an output channel.
func filtered(v, w *ir.Value) int64 {
	if w == nil || w.Rank() < 2 || v == nil {
		return -1
	}
	terms := ir.Static(1)
	for _, d := range w.Shape[1:] {
		terms = terms.Mul(d)
	}
	return times(v, terms)
}

func times(v *ir.Value, k ir.Dim) int64 {
	n, ok := v.Shape.NumElements()
	if !ok {
		return -1
	}
	// Half a size that is not known would be counted as nothing.
	if x, ok := n.Mul(k).With(func(string) int64 { return 1 }); ok && x > 0 {
		return x
	}
	return -1
}
