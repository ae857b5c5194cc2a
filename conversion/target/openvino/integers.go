package openvino

import (
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target/internal/intrange"
)

// inFloats reports whether the CPU plugin (2026.4) computes the integers of n in
// floats of 32 bits.
func inFloats(n *ir.Node) bool {
	switch n.Op {
	case "Div", "Mod", "Pow", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "MatMul", "Gemm", "Einsum",
		"ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceL1", "ReduceSumSquare":
		return true
	case "Clip":
		return n.In(1) != nil && n.In(2) != nil // Clamp; one limit is a maximum or minimum
	}
	return n.Op == "Max" && clamps(n, "Min") || n.Op == "Min" && clamps(n, "Max")
}

// clamps reports whether n and the other operator, before it, become one Clamp.
func clamps(n *ir.Node, other string) bool {
	number := func(v *ir.Value) bool { return v.IsConst() && v.Const.Len() == 1 }
	with := func(n *ir.Node) bool { return len(n.Inputs) == 2 && slices.ContainsFunc(n.Inputs, number) }
	return with(n) && slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool {
		return v.Node() != nil && v.Node().Op == other && with(v.Node())
	})
}

// convertsInput reports whether n makes floats of an input, which still has its own
// type.
func convertsInput(n *ir.Node) bool {
	return n.Op == "Cast" && n.In(0).Node() == nil && n.Out(0).DType.IsFloat()
}

// integers warns of integers of the data that the CPU plugin may not hold: it has
// 32 bits, and floats of 32 for some operators.
func integers(g *ir.Graph) diag.List {
	loss := intrange.Check(g, inFloats)
	out := slices.Concat(
		intrange.Warn(loss.Cut, "openvino.int64", "OpenVINO's CPU plugin computes 64-bit integers in 32 bits: of results of %s beyond them the low bits are left"),
		intrange.Warn(loss.Rounded, "openvino.int-float", "OpenVINO's CPU plugin computes %s of integers in 32-bit floats: beyond 16777216 they are rounded"),
		intrange.Warn(slices.DeleteFunc(loss.Signed, convertsInput), "openvino.uint32", "OpenVINO's CPU plugin computes 32-bit integers without a sign as ones with a sign: %s of 2147483648 and more goes wrong"))
	if len(loss.Inputs) > 0 {
		var names []string
		for _, v := range loss.Inputs {
			names = append(names, v.Name)
		}
		out = append(out, diag.Infof("openvino.int64", "OpenVINO's CPU plugin holds 64-bit integers in 32 bits: of what is given to %s beyond them the low bits are left", strings.Join(names, ", ")))
	}
	return out
}
