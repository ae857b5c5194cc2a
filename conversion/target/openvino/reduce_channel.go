package openvino

import (
	"slices"

	"slipway/conversion/ir"
)

// apart keeps a reduction from the arithmetic after it, which the CPU plugin (2026.4)
// takes into the reduction and gets wrong in some. A maximum of the result and itself
// has the result read twice, so that the plugin leaves the reduction alone; reshaping
// between the two is folded away.
func (e *emitter) apart(n *ir.Node, p port) port {
	if !mixesChannels(n) && !extremumOfIntegers(n) {
		return p
	}
	return e.op("Maximum", "opset1", p.dtype(), n.Out(0).Shape, numpy, p, p)
}

// mixesChannels: arithmetic with one number a channel goes wrong where three
// dimensions are reduced along others than the second.
func mixesChannels(n *ir.Node) bool {
	if rank(n, 0) != 3 || noAxes(n) || !perChannel(n.Out(0), 8) {
		return false
	}
	axes, ok := n.In(1).ConstInts()
	return !ok || !slices.Contains(axes, 1) && !slices.Contains(axes, -2)
}

// extremumOfIntegers: quantizing goes wrong that makes 8-bit integers the result of a
// maximum or minimum of floats.
func extremumOfIntegers(n *ir.Node) bool {
	switch n.Op {
	case "ReduceMax", "ReduceMin", "GlobalMaxPool":
		return quantizedBehind(n.Out(0), 8)
	}
	return false
}

// quantizedBehind reports whether v becomes integers, through elementwise layers, at
// most so many.
func quantizedBehind(v *ir.Value, layers int) bool {
	return layers > 0 && v != nil && slices.ContainsFunc(v.Uses(), func(u ir.Use) bool {
		return u.Node.Op == "QuantizeLinear" || elementwise[u.Node.Op] && quantizedBehind(u.Node.Out(0), layers-1)
	})
}

// perChannel reports whether elementwise layers after v, at most so many, take a
// constant of more than one number in.
func perChannel(v *ir.Value, layers int) bool {
	if layers == 0 || v == nil {
		return false
	}
	for _, u := range v.Uses() {
		if !elementwise[u.Node.Op] {
			continue
		}
		single := true // all others are constants of one number
		for i, in := range u.Node.Inputs {
			if i == u.Index || in == nil {
				continue
			}
			if !settled(in) {
				single = false
			} else if in.Shape == nil || slices.ContainsFunc(in.Shape, func(d ir.Dim) bool { return !d.Is(1) }) {
				return true
			}
		}
		if single && perChannel(u.Node.Out(0), layers-1) {
			return true
		}
	}
	return false
}

// settled reports whether v is a constant or computed from constants alone, as the
// weights of files in 8 bits are, which the plugin does ahead.
func settled(v *ir.Value) bool {
	if v.IsConst() {
		return true
	}
	n := v.Node()
	if n == nil || len(n.Bodies()) > 0 || len(n.Inputs) == 0 {
		return false
	}
	return !slices.ContainsFunc(n.Inputs, func(in *ir.Value) bool { return in != nil && !settled(in) })
}

// elementwise are the operators that become layers which the plugin takes into
// others, or chains of such.
var elementwise = func() map[string]bool {
	m := map[string]bool{"BatchNormalization": true, "Identity": true, "QuantizeLinear": true, "DequantizeLinear": true, "PRelu": true}
	for op := range activationOps {
		m[op] = true
	}
	for op := range arithOps {
		m[op] = true
	}
	return m
}()
