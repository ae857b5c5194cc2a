package quantize

import "slipway/conversion/ir"

// contain keeps ONNX Runtime's integer Softmax, which it computes one between
// QuantizeLinear and DequantizeLinear with, from running over: steps much smaller
// than 1/256, as of a Softmax over many nearly equal numbers, leave its sums no
// room in 32 bits, and what it gives is 0 or less than it should be (QLinearSoftmax,
// seen in 1.31.1). Sums and moves that only such a Softmax reads stay in float, so
// that it does too.
func (p *Plan) contain() {
	for _, n := range p.g.Nodes {
		for v := n.In(0); p.o.Profile.runsOver(n) && v != nil && p.g.SingleUse(v); v = v.Node().In(0) {
			from := v.Node()
			if from == nil {
				break
			}
			if r := p.o.Profile.roles[from.Op]; r != mover && r != combine {
				break
			} else if p.weighs[from] = true; r == combine {
				break
			}
		}
	}
}

// bounded gives a Softmax that is computed in integers all the same the steps that
// it has room for: its range holds all results that there can be.
func (p *Plan) bounded() {
	d, symmetric := p.o.activation()
	for _, n := range p.g.Nodes {
		if out := n.Out(0); p.o.Profile.runsOver(n) && p.taken(out) && p.behindIntegers(n.In(0)) {
			all := paramsOf(Range{0, 1}, d, symmetric)
			p.fixed[p.root(out)] = fixed{float64(all.Scale), all.Zero}
		}
	}
}

// behindIntegers reports whether v lies on an integer grid or is moved from where
// it does: ONNX Runtime carries the grid past movers.
func (p *Plan) behindIntegers(v *ir.Value) bool {
	n := v.Node()
	return p.taken(v) || n != nil && p.o.Profile.roles[n.Op] == mover && p.behindIntegers(n.In(0))
}

func (p *Profile) runsOver(n *ir.Node) bool { return n.Op == "Softmax" && p.softmaxRunsOver }
