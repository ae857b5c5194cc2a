package layout

import (
	"slices"

	"slipway/conversion/ir"
)

// Want is what an operator demands of the order of its operands.
type Want uint8

// The demands.
const (
	Logical Want = iota // the graph's own order
	Bound               // channels last
	Either              // one order for all operands and results
	Free                // operand as it comes, result in any order: Transpose
)

var (
	bound = set("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool",
		"Resize", "DepthToSpace", "SpaceToDepth", "LRN")
	elementwise = set("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh",
		"Softplus", "Softsign", "ThresholdedRelu", "Mish", "Gelu", "Swish", "Clip", "Erf", "Identity", "Dropout", "Cast",
		"Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "Sum", "Mean", "Sqrt", "Exp", "Log", "Abs", "Neg", "Floor", "Ceil",
		"Round", "Sign", "Reciprocal", "Sin", "Cos", "Not", "And", "Or", "Xor", "Equal", "Greater", "Less", "GreaterOrEqual",
		"LessOrEqual", "Where", "IsNaN", "QuantizeLinear", "DequantizeLinear")
	// axial operators name axes of their first operand, which a target remaps.
	axial = set("Concat", "Split", "Slice", "Pad", "BatchNormalization", "InstanceNormalization", "Tile", "Expand")
	// reducing operators name axes and may drop them.
	reducing = set("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
		"ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin")
	// innermost operators work along one axis that must be stored last.
	innermost = set("Softmax", "LogSoftmax", "LpNormalization")
	reshaping = set("Reshape", "Flatten", "Squeeze", "Unsqueeze")
)

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

// data lists the inputs of n that carry tensors whose order matters, as against
// shapes, weights and other parameters.
func data(n *ir.Node) []int {
	if elementwise[n.Op] || n.Op == "Concat" {
		if n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear" {
			return []int{0}
		}
		all := make([]int, len(n.Inputs))
		for i := range all {
			all[i] = i
		}
		return all
	}
	return []int{0}
}

// ReducedAxes are the axes that a reducing operator works on, not negative,
// sorted; false where they are not constant.
func ReducedAxes(n *ir.Node) ([]int, bool) {
	rank := n.In(0).Rank()
	if rank < 0 {
		return nil, false
	}
	if n.Op == "ArgMax" || n.Op == "ArgMin" {
		return []int{wrap(n.Int("axis", 0), rank)}, true
	}
	v := n.In(1)
	var axes []int64
	if v == nil {
		axes = n.Ints("axes")
	} else {
		var ok bool
		if axes, ok = v.ConstInts(); !ok {
			return nil, false
		}
	}
	if len(axes) == 0 {
		if n.Int("noop_with_empty_axes", 0) != 0 {
			return nil, true
		}
		return identity(rank), true
	}
	var out []int
	for _, a := range axes {
		out = append(out, wrap(a, rank))
	}
	slices.Sort(out)
	return slices.Compact(out), true
}

func wrap(a int64, rank int) int {
	if a < 0 {
		a += int64(rank)
	}
	return int(a)
}

// Transposition is a Transpose's perm; absent means reversed.
func Transposition(n *ir.Node) Perm {
	rank := n.In(0).Rank()
	var p Perm
	for _, a := range n.Ints("perm") {
		p = append(p, int(a))
	}
	if p == nil {
		for i := rank - 1; i >= 0; i-- {
			p = append(p, i)
		}
	}
	return p
}
