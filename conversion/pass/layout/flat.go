package layout

import "slipway/conversion/ir"

// eitherFlat lets a flattening [N,C,...]->[N,C*...] keep channels-last order
// where all that reads it, through unary operators, are matrix products with
// constant weights: reordering the weights' rows is free.
func (s *solver) eitherFlat(n *ir.Node, p pair) (pair, []pair, bool) {
	in, out := n.In(0), n.Out(0)
	if out.Rank() != 2 || in.Rank() < 3 || !p[0].IsIdentity() || !p[1].Equal(Last(in.Rank())) {
		return pair{}, nil, false
	}
	if !in.Shape[0].Equal(out.Shape[0]) || !in.Shape[1:].IsStatic() {
		return pair{}, nil, false
	}
	chain, ok := s.flatChain(out, nil)
	if !ok {
		return pair{}, nil, false
	}
	s.flat[n] = chain
	return p, []pair{{}}, true
}

func (s *solver) flatChain(v *ir.Value, chain []*ir.Value) ([]*ir.Value, bool) {
	if s.g.IsOutput(v) || len(v.Uses()) == 0 || v.Rank() != 2 {
		return nil, false
	}
	chain = append(chain, v)
	for _, u := range v.Uses() {
		n := u.Node
		switch {
		case u.Index != 0:
			return nil, false
		case n.Op == "Gemm" && n.Int("transA", 0) == 0 && weights(n.In(1)),
			n.Op == "MatMul" && weights(n.In(1)):
		case elementwise[n.Op] && onlyScalars(n) && n.Out(0) != nil:
			var ok bool
			if chain, ok = s.flatChain(n.Out(0), chain); !ok {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return chain, true
}

// onlyScalars reports whether every further operand of n is a constant of one
// element, so that the order of the first does not matter.
func onlyScalars(n *ir.Node) bool {
	for _, v := range n.Inputs[1:] {
		if v == nil {
			continue
		}
		if k, ok := v.Shape.NumElements(); !v.IsConst() || !ok || !k.Is(1) {
			return false
		}
	}
	return true
}

// weights reports whether v is a constant matrix, possibly behind a conversion
// or a dequantization.
func weights(v *ir.Value) bool {
	if v == nil || v.Rank() != 2 {
		return false
	}
	if v.IsConst() {
		return true
	}
	n := v.Node()
	return n != nil && (n.Op == "Cast" || n.Op == "DequantizeLinear") && n.In(0).IsConst()
}
