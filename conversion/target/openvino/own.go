package openvino

import (
	"slices"

	"slipway/conversion/ir"
)

// own has a body read a copy of its parameter v where the CPU plugin (2026.4) goes wrong
// with the parameter itself. A maximum of it and itself is read twice, so that the
// plugin neither leaves it out nor computes in its place.
func (e *emitter) own(v *ir.Value) {
	if !v.DType.IsFloat() || !overwritten(v, 8) && !turnedAndQuantized(v) {
		return
	}
	p := e.ports[v]
	e.ports[v] = e.op("Maximum", "opset1", v.DType, v.Shape, numpy, p, p)
	e.ports[v].l.name = v.Name + "/own"
}

// inPlace are the operators that the plugin computes where their operand is. What a
// loop captures is the same memory in each turn.
var inPlace = map[string]bool{
	"Softmax": true, "InstanceNormalization": true, "GroupNormalization": true, "LayerNormalization": true,
	"MeanVarianceNormalization": true, "LpNormalization": true,
}

// views are the operators whose results lie where their operand does.
var views = map[string]bool{"Identity": true, "Dropout": true, "Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true}

// overwritten reports whether v, or a view of it, at most so many deep, is computed in
// place.
func overwritten(v *ir.Value, deep int) bool {
	return deep > 0 && v != nil && slices.ContainsFunc(v.Uses(), func(u ir.Use) bool {
		return u.Index == 0 && (inPlace[u.Node.Op] || views[u.Node.Op] && overwritten(u.Node.Out(0), deep-1))
	})
}

// turnedAndQuantized reports whether v is multiplied by a number for each channel, some
// below zero, before it becomes integers: in a body the plugin takes one channel's for
// all.
func turnedAndQuantized(v *ir.Value) bool {
	return slices.ContainsFunc(v.Uses(), func(u ir.Use) bool {
		n := u.Node
		switch n.Op {
		case "Mul", "Div", "BatchNormalization":
			return slices.ContainsFunc(n.Inputs, negative) && quantizedBehind(n.Out(0), 8)
		}
		return false
	})
}

// negative reports whether v is several constants, some below zero, or ones that are
// not known to be none.
func negative(v *ir.Value) bool {
	if v == nil || !settled(v) || len(v.Shape) == 0 {
		return false
	}
	return !v.IsConst() || v.Const.Len() > 1 && slices.ContainsFunc(v.Const.Float64s(), func(x float64) bool { return x < 0 })
}
