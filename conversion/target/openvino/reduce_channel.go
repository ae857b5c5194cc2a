package openvino

import (
	"slices"

	"slipway/conversion/ir"
)

// apart keeps a reduction from the arithmetic after it. The CPU plugin (2026.4)
// takes arithmetic with one number a channel into a reduction, and gives wrong
// results where three dimensions are reduced along others than the second. A
// maximum of the result and itself has the result read twice, so that the plugin
// leaves the reduction alone; reshaping between the two is folded away.
func (e *emitter) apart(n *ir.Node, p port) port {
	if rank(n, 0) != 3 || noAxes(n) || !perChannel(n.Out(0), 8) {
		return p
	}
	if axes, ok := n.In(1).ConstInts(); ok && (slices.Contains(axes, 1) || slices.Contains(axes, -2)) {
		return p
	}
	return e.op("Maximum", "opset1", p.dtype(), n.Out(0).Shape, numpy, p, p)
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
