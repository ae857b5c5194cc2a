package quantized

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Data reports whether n makes floats of 8-bit integers that are no constant.
func Data(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" && !n.In(0).IsConst() && n.In(0).DType.Bits() <= 8
}

// Constant reports whether n makes floats of integers, all of it constant.
func Constant(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" && !slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return v != nil && !v.IsConst() })
}

// Floats are the floats that n makes, which is Constant.
func Floats(reg *op.Registry, n *ir.Node) (*tensor.Tensor, error) {
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v != nil {
			in[i] = v.Const
		}
	}
	out, err := reg.EvalNode(n, in)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Widen has input i of n read the floats that d makes, which is Constant, in the place
// of d's result.
func Widen(p *ir.Patch, reg *op.Registry, n *ir.Node, i int, d *ir.Node) error {
	t, err := Floats(reg, d)
	if err != nil {
		return err
	}
	p.SetInput(n, i, p.Const(n.In(i).Name+"_float", t))
	p.AddOrigin(n, d)
	return nil
}
