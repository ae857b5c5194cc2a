package quantize

import "slipway/conversion/ir"

// Decision says what one layer computes in once the plan is applied.
type Decision struct {
	Node *ir.Node
	Int8 bool
	Why  string // of a float layer
}

// Decisions are the plan's, in the graph's order: of every operator that has
// floating-point results and is not folded into another one's range.
func (p *Plan) Decisions() []Decision {
	why := map[*ir.Node]string{}
	for _, m := range p.missed {
		why[m.n] = m.why
	}
	var out []Decision
	for _, n := range p.g.Nodes {
		if !isFloat(n.Out(0)) || n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear" {
			continue
		}
		d := Decision{Node: n}
		role, planned := p.roles[n]
		switch {
		case planned && role != float, p.folded[n], p.sums[n] != nil:
			d.Int8 = true
		case p.o.keeps(n):
			d.Why = "it is kept in float"
		case p.weighs[n]:
			d.Why = "attention is faster and more accurate in float"
		case why[n] != "":
			d.Why = why[n]
		case p.o.Profile.roles[n.Op] == float:
			d.Why = "the runtime has no integer kernel for " + n.Op
		case p.o.Profile.roles[n.Op] != product && p.sequence(n):
			d.Why = "token sequences have outliers that 8 bits do not hold"
		default:
			d.Why = "none of its neighbours computes in integers"
		}
		out = append(out, d)
	}
	return out
}

// StoresWeights reports whether quantizing weights alone stores those of n in 8
// bits; the arithmetic stays in float.
func StoresWeights(n *ir.Node, o *WeightOptions) bool { return (&weightWriter{o: o}).fits(n) == "" }
