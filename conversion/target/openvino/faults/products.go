package faults

import (
	"slices"

	"slipway/conversion/ir"
)

// alone is the number of rows up to which a product behind a product was seen to be
// wrong: with one thread all up to it, with more some.
const alone = 8

// Sequence reports whether n is a product of matrices of two axes and constant weights
// that follows another with nothing between that holds for every channel: the plugin
// joins such (as a sequence of perceptrons) and reads memory that nobody wrote, where
// the integers between have one scale. A bias is enough to part them; scales behind it
// are not, nor are limits, which the range of the integers takes in.
func Sequence(n *ir.Node) bool {
	if !flat(n) || size(n.In(0), int(n.Int("transA", 0))) > alone {
		return false
	}
	scaled := false
	for m := n.In(0).Node(); m != nil; {
		next := m.In(0)
		switch m.Op {
		case "QuantizeLinear", "DequantizeLinear", "Identity", "Dropout", "Relu", "Clip", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose":
		case "Add", "Sub", "Mul", "Div":
			c := m.In(1)
			if next.IsConst() {
				next, c = c, next
			}
			switch {
			case !c.IsConst():
				return false
			case m.Op == "Mul" || m.Op == "Div":
				scaled = true
			case !scaled && varies(c):
				return false
			}
		case "MatMul", "Gemm":
			return weighted(m) && (m.Op != "Gemm" || scaled || m.In(2) == nil || !varies(m.In(2)))
		default:
			return false
		}
		m = next.Node()
	}
	return false
}

// flat reports whether n multiplies a matrix by constant weights.
func flat(n *ir.Node) bool {
	return (n.Op == "Gemm" || n.Op == "MatMul") && n.In(0) != nil && n.In(0).Rank() == 2 && weighted(n)
}

// weighted reports whether the weights of a product are constant, as they are or in
// integers.
func weighted(n *ir.Node) bool {
	w := n.In(1)
	if w != nil && w.Node() != nil && w.Node().Op == "DequantizeLinear" {
		w = w.Node().In(0)
	}
	return w != nil && w.IsConst()
}

// varies reports whether a constant, as it is or in integers, has several values.
func varies(v *ir.Value) bool {
	if v.Node() != nil && v.Node().Op == "DequantizeLinear" {
		v = v.Node().In(0)
	}
	if !v.IsConst() {
		return true
	}
	values := v.Const.Float64s()
	return slices.ContainsFunc(values, func(x float64) bool { return x != values[0] })
}
