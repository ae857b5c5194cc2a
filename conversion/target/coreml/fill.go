package coreml

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// legalRange: its length has to follow from sizes.
func legalRange(n *ir.Node) string {
	if why := needFixed(0, 1, 2)(n); why != "" {
		return why
	}
	if d := held(n.Out(0).DType); d != tensor.Int32 && d != tensor.Float32 {
		return "Range of " + n.Out(0).DType.String() + " has no equivalent"
	}
	return ""
}

func emitRange(e *emitter, _ *ir.Node) {
	e.final("range_1d", in("end", e.in(1)), in("start", e.in(0)), in("step", e.in(2)))
}

func legalConstantOfShape(n *ir.Node) string {
	if why := needFixed(0)(n); why != "" {
		return why
	}
	if held(n.Out(0).DType) == tensor.Invalid {
		return "ConstantOfShape of " + n.Out(0).DType.String() + " has no equivalent"
	}
	return ""
}

// emitConstantOfShape repeats one element.
func emitConstantOfShape(e *emitter, n *ir.Node) {
	v, to := n.Out(0), n.Out(0).Shape
	one := tensor.New(v.DType, 1)
	if t, ok := n.Attrs["value"].(*tensor.Tensor); ok && t.Len() == 1 {
		one = t
	}
	ones := make([]int, len(to))
	from := make(ir.Shape, len(to))
	for i := range ones {
		ones[i], from[i] = 1, ir.Static(1)
	}
	one, err := one.Reshape(ones...)
	if err != nil {
		e.fail("%w", err)
		return
	}
	e.finish(e.spreadOpen(e.literal(n.Name+"_value", e.hold(one)), from, to))
}
