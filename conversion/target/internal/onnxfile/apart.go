package onnxfile

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// keepApart keeps ONNX Runtime from making a Pad of zeros the padding of the pool
// behind it, where that is something else: the padding of a MaxPool is below all
// numbers, other windows fit where the pool rounds up, and padding as wide as the
// kernel, or beside the pool's own, may not load (seen in 1.31.1). It does not look at
// a Pad whose value is left out by an empty name, which means zero too.
func keepApart(n *ir.Node, f *form) {
	if n.Op != "Pad" || n.Str("mode", "constant") != "constant" || n.Out(0) == nil {
		return
	}
	if v := n.In(2); v != nil {
		if x, ok := v.ConstScalar(); !ok || x != 0 {
			return
		}
	}
	if slices.ContainsFunc(n.Out(0).Uses(), func(u ir.Use) bool { return pooled(u.Node, func(p *ir.Node) bool { return !padsAlike(n, p) }) }) {
		f.setInput(2, operand{})
	}
}

// pooled reports whether n is a pool of which holds is true, or is followed by one
// through nothing but transposes, which the library moves away.
func pooled(n *ir.Node, holds func(*ir.Node) bool) bool {
	if n.Op == "Transpose" && n.Out(0) != nil {
		return slices.ContainsFunc(n.Out(0).Uses(), func(u ir.Use) bool { return u.Node.Op == "Transpose" && pooled(u.Node, holds) || pools(u.Node) })
	}
	return pools(n) && holds(n)
}

func pools(n *ir.Node) bool { return n.Op == "MaxPool" || n.Op == "AveragePool" }

// padsAlike reports whether a MaxPool gives the same for a Pad of zeros as for padding
// of its own: where no number is below zero, and each window lies on one.
func padsAlike(pad, pool *ir.Node) bool {
	pads, ok := pad.In(1).ConstInts()
	kernel := pool.Ints("kernel_shape")
	k := len(kernel)
	if pool.Op != "MaxPool" || pool.Int("ceil_mode", 0) != 0 || !ok || pad.In(3) != nil || len(pads) != 2*(k+2) || !positive(pad.In(0)) {
		return false
	}
	own := pool.Ints("pads")
	for i := range 2 * k {
		at := 2 + i%k + i/k*(k+2)
		if pads[at] >= kernel[i%k] || i < len(own) && own[i] != 0 {
			return false
		}
	}
	return true
}

// positive reports whether v is known to hold nothing below zero.
func positive(v *ir.Value) bool {
	n := v.Node()
	if n == nil {
		return false
	}
	switch n.Op {
	case "Relu", "Sigmoid", "Softmax":
		return true
	case "Clip":
		low, ok := n.In(1).ConstScalar()
		return ok && low >= 0
	case "DequantizeLinear":
		d := n.In(0).DType
		if n.In(2) == nil {
			return d == tensor.Uint8
		}
		zero, ok := n.In(2).ConstScalar()
		return ok && (d == tensor.Uint8 && zero == 0 || d == tensor.Int8 && zero == -128)
	}
	return false
}
