package tflite

import "slipway/conversion/ir"

// int8Fixed is for operators whose results in integers have prescribed parameters:
// whoever quantized may expect results below those that these hold, or much finer
// steps, as of a Softmax over many nearly equal numbers.
func int8Fixed(fixed *qparam) func(*ir.Node) bool {
	return func(n *ir.Node) bool {
		for _, u := range n.Out(0).Uses() {
			if u.Node.Op != "QuantizeLinear" {
				continue
			}
			if q, ok := paramsOf(u.Node); ok && (q.scale < fixed.scale/2 || fixed == logSoftmaxQuant && q.least() < fixed.least()-float64(q.scale)) {
				return false
			}
		}
		return true
	}
}

// int8HardSwish: the kernel multiplies by the operand's scale, in 128 parts, over the
// result's, and refuses factors from 1 on.
func int8HardSwish(n *ir.Node) bool {
	in := readAs(n.In(0))
	for _, u := range n.Out(0).Uses() {
		if u.Node.Op != "QuantizeLinear" {
			continue
		}
		if q, ok := paramsOf(u.Node); ok && in != nil && in.scale >= 128*q.scale {
			return false
		}
	}
	return true
}

// readAs are the parameters of the integers that v stands for, nil where it is not
// known to stand for any.
func readAs(v *ir.Value) *qparam {
	for v != nil && v.Node() != nil {
		n := v.Node()
		switch n.Op {
		case "DequantizeLinear":
			if q, ok := paramsOf(n); ok {
				return q
			}
			return nil
		case "Identity", "Dropout":
			v = n.In(0)
		default:
			return nil
		}
	}
	return nil
}
