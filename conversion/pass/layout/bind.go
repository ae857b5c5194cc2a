package layout

import "slipway/conversion/ir"

// bind records what n demands of its operands and in which orders it can give
// its results.
func (s *solver) bind(n *ir.Node) {
	logical := func() {
		for i, v := range n.Inputs {
			if v != nil && !v.IsConst() {
				s.demand[ir.Use{Node: n, Index: i}] = term{label: s.pairs[v].logical()}
			}
		}
		for _, v := range n.Outputs {
			if v != nil {
				p := s.fresh(v)
				s.supply[v] = term{label: p.logical()}
			}
		}
	}
	in := n.In(0)
	if in == nil || n.Out(0) == nil {
		logical()
		return
	}
	switch s.want(n) {
	case Bound:
		logical()
		if in.Rank() < 3 {
			return
		}
		use := ir.Use{Node: n}
		if s.pairs[in].equal(channelsFirst(in.Rank())) {
			s.demand[use] = term{label: 1}
		} else {
			delete(s.demand, use)
			s.plan.Read[use] = Last(in.Rank())
		}
		for _, v := range n.Outputs {
			if v != nil {
				s.pairs[v] = channelsFirst(v.Rank())
				s.supply[v] = term{label: 1}
			}
		}
	case Free:
		s.bindTranspose(n)
	case Either:
		p, q, ok := s.either(n)
		if !ok {
			logical()
			return
		}
		logical()
		t := s.labelOf(n, p)
		for _, i := range s.operands(n) {
			s.demand[ir.Use{Node: n, Index: i}] = t
		}
		for i, v := range n.Outputs {
			if v != nil {
				s.pairs[v], s.supply[v] = q[i], t
			}
		}
	default:
		logical()
	}
}

// operands lists the non-constant data inputs that have n's working rank.
func (s *solver) operands(n *ir.Node) []int {
	rank := n.In(0).Rank()
	if elementwise[n.Op] {
		rank = n.Out(0).Rank()
	}
	var out []int
	for _, i := range data(n) {
		if v := n.In(i); v != nil && !v.IsConst() && v.Rank() == rank {
			out = append(out, i)
		}
	}
	return out
}

// labelOf is the label that n takes: its own variable, or a fixed one where an
// axis must be stored last.
func (s *solver) labelOf(n *ir.Node, p pair) term {
	if innermost[n.Op] {
		rank := n.In(0).Rank()
		axis := wrap(n.Int("axis", -1), rank)
		for l := range p {
			if p[l].At(rank-1) == axis {
				return term{label: l}
			}
		}
	}
	v := s.net.node()
	s.vars[n] = v
	return term{variable: v}
}

// either checks whether n can work in both orders of its operands, and returns
// the operands' pair and those of its results.
func (s *solver) either(n *ir.Node) (pair, []pair, bool) {
	ops := s.operands(n)
	if len(ops) == 0 {
		return pair{}, nil, false
	}
	p := s.pairs[n.In(ops[0])]
	for _, i := range ops[1:] {
		if !s.pairs[n.In(i)].equal(p) {
			return pair{}, nil, false
		}
	}
	outs := make([]pair, len(n.Outputs))
	switch {
	case reshaping[n.Op]:
		q, ok := p.reshape(n.In(0).Shape, n.Out(0).Shape)
		if !ok || n.Out(0).Shape == nil {
			return s.eitherFlat(n, p)
		}
		outs[0] = q
	case reducing[n.Op] && n.Int("keepdims", 1) == 0:
		axes, ok := ReducedAxes(n)
		if !ok {
			return pair{}, nil, false
		}
		q := pair{p[0].without(axes), p[1].without(axes)}
		rank := n.Out(0).Rank()
		switch {
		case rank < 3 && !q.fixed(), rank >= 3 && q[0] != nil && q[1] != nil:
			return pair{}, nil, false
		case rank < 3:
			q = pair{}
		}
		outs[0] = q
	case reducing[n.Op]:
		if _, ok := ReducedAxes(n); !ok {
			return pair{}, nil, false
		}
		outs[0] = p
	default:
		for i, v := range n.Outputs {
			if v != nil && v.Rank() != n.In(ops[0]).Rank() {
				return pair{}, nil, false
			}
			outs[i] = p
		}
	}
	return p, outs, true
}

// bindTranspose lets a Transpose vanish where the two worlds' orders say that it
// need not move anything, and otherwise lets it start and end in any order.
func (s *solver) bindTranspose(n *ir.Node) {
	in, out := n.In(0), n.Out(0)
	use := ir.Use{Node: n}
	t := Transposition(n)
	p := s.pairs[in]
	if q := p.transpose(t); in.Rank() >= 3 && !p.fixed() && (q[0] == nil || q[1] == nil) {
		v := s.net.node()
		s.vars[n] = v
		s.demand[use] = term{variable: v}
		s.pairs[out], s.supply[out] = q, term{variable: v}
		return
	}
	s.plan.AsStored[use] = true
	if s.fresh(out); in.Rank() > 3 && p.withinBlock(t) {
		s.pairs[out] = p
	}
	v := s.net.node()
	s.supply[out] = term{variable: v}
}
