package quantize

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Plan is the decision which tensors of one graph become integers. It refers to
// the graph's values and is out of date after the next edit.
type Plan struct {
	g       *ir.Graph
	o       *Options
	roles   map[*ir.Node]role // quantized nodes
	marked  map[*ir.Value]bool
	parent  map[*ir.Value]*ir.Value // union-find: tensors that share a scale
	fixed   map[*ir.Value]fixed     // by root
	hoisted map[*ir.Value]bool      // quantized before the mover that gives them
	folded  map[*ir.Node]bool       // activations that disappear into a range
	requant map[edge]*ir.Value      // edges that read the scale of another tensor
	weighs  map[*ir.Node]bool       // float, between two products of computed matrices
	sums    map[*ir.Node]*ir.Node   // additions of a row that their MatMul takes as its bias, and that MatMul
	missed  []missed
}

type edge struct {
	n *ir.Node
	i int
}

type missed struct {
	n   *ir.Node
	why string
}

// NewPlan decides by o.Profile and o.KeepFloat. g must have been inferred.
func NewPlan(g *ir.Graph, o *Options) *Plan {
	p := &Plan{
		g: g, o: o, roles: map[*ir.Node]role{}, marked: map[*ir.Value]bool{}, parent: map[*ir.Value]*ir.Value{}, fixed: map[*ir.Value]fixed{},
		hoisted: map[*ir.Value]bool{}, folded: map[*ir.Node]bool{}, requant: map[edge]*ir.Value{}, sums: map[*ir.Node]*ir.Node{}, weighs: map[*ir.Node]bool{},
	}
	for _, n := range g.Nodes {
		if p.faint(n) {
			p.missed = append(p.missed, missed{n, "its results are so small that the format's step for them would lose them"})
		}
		if o.Profile.roles[n.Op] != product || o.keeps(n) || len(o.Ops) > 0 && !slices.Contains(o.Ops, n.Op) {
			continue
		}
		if paired(n) && o.Profile.floatPairs {
			p.missed = append(p.missed, missed{n, "the runtime multiplies computed matrices faster in float"})
			continue
		}
		why := productFits(n)
		if why == "" && o.Profile.wrong != nil {
			why = o.Profile.wrong(n)
		}
		if why != "" {
			p.missed = append(p.missed, missed{n, why})
			continue
		}
		p.roles[n] = product
		for _, v := range n.Inputs[:min(2, len(n.Inputs))] {
			p.mark(v)
		}
		p.markOutput(n)
	}
	p.attend()
	p.contain()
	for p.spread() {
	}
	p.bounded()
	p.unite()
	return p
}

// productFits says why a product cannot be computed in integers.
func productFits(n *ir.Node) string {
	w := n.In(1)
	switch {
	case !isFloat(n.In(0)):
		return "its input is not 32-bit float"
	case n.Op == "MatMul" && !w.IsConst():
		if !isFloat(w) {
			return "its inputs are not 32-bit float"
		}
		return ""
	case !w.IsConst() || w.DType != tensor.Float32:
		return "its weights are not constant 32-bit floats"
	case n.In(0).IsConst():
		return "its input is constant"
	case n.Op == "MatMul" && w.Rank() != 2:
		return "its weights have not rank 2"
	case n.Op == "Gemm" && (n.Float("alpha", 1) != 1 || n.Float("beta", 1) != 1 || n.Int("transA", 0) != 0):
		return "it scales or transposes its operands"
	case !w.Const.Finite():
		return "a weight is not finite"
	}
	return ""
}

func isFloat(v *ir.Value) bool { return v != nil && v.DType == tensor.Float32 }

func (p *Plan) mark(v *ir.Value) bool {
	if !isFloat(v) || v.IsConst() || p.marked[v] || p.hoisted[v] {
		return false
	}
	p.marked[v] = true
	return true
}

// markOutput marks what a quantized node gives: behind a Relu or Clip that only
// it feeds. Where the profile lets a product's result be float and only float
// operators read it, it stays so.
func (p *Plan) markOutput(n *ir.Node) bool {
	if !p.o.Profile.outputs {
		return false
	}
	changed := false
	for _, v := range n.Outputs {
		if v == nil {
			continue
		}
		if sum, _ := p.rowBehind(n); sum != nil && p.o.Profile.rows && !p.o.keeps(sum) {
			p.sums[sum], v = n, sum.Out(0)
		}
		out := p.behindActivation(n, v)
		if slices.Contains(p.o.Profile.floatResults, n.Op) && !p.readInIntegers(out) {
			delete(p.folded, folder(v, out))
			continue
		}
		changed = p.mark(out) || changed
	}
	return changed
}

// readInIntegers reports whether an operator that may be quantized reads v, at
// once or behind operators that only move elements.
func (p *Plan) readInIntegers(v *ir.Value) bool {
	return slices.ContainsFunc(v.Uses(), func(u ir.Use) bool {
		switch r := p.o.Profile.roles[u.Node.Op]; {
		case r == float || p.weighs[u.Node] || p.o.keeps(u.Node):
			return false
		case r == product && paired(u.Node) && p.o.Profile.floatPairs:
			return false
		case r == mover && u.Index == 0, r == joint:
			return slices.ContainsFunc(u.Node.Outputs, func(o *ir.Value) bool { return o != nil && p.readInIntegers(o) })
		case r == product:
			return true
		default:
			return !p.sequence(u.Node)
		}
	})
}

// folder is the activation between v and out; nil where they are the same.
func folder(v, out *ir.Value) *ir.Node {
	if v == out {
		return nil
	}
	return out.Node()
}

// behindActivation is v, or the output of the Relu or Clip that alone reads v
// and whose bounds a quantized range can express.
func (p *Plan) behindActivation(n *ir.Node, v *ir.Value) *ir.Value {
	if _, symmetric := p.o.activation(); symmetric || !p.g.SingleUse(v) {
		return v
	}
	if r := p.roles[n]; r != product && r != combine {
		return v
	}
	a := v.Uses()[0].Node
	if lo, hi, ok := bounds(a); ok && lo <= 0 && hi > 0 && a.In(0) == v && !p.o.keeps(a) {
		p.folded[a] = true
		return a.Out(0)
	}
	return v
}

// bounds are the limits of a Relu or of a Clip with constant limits.
func bounds(n *ir.Node) (lo, hi float64, ok bool) {
	switch n.Op {
	case "Relu":
		return 0, highest, true
	case "Clip":
		lo, hi = -highest, highest
		if n.In(1) != nil {
			if lo, ok = n.In(1).ConstScalar(); !ok {
				return 0, 0, false
			}
		}
		if n.In(2) != nil {
			if hi, ok = n.In(2).ConstScalar(); !ok {
				return 0, 0, false
			}
		}
		return lo, hi, true
	}
	return 0, 0, false
}

const highest = 3.4028234663852886e38

// spread takes in the operators next to marked tensors; it reports whether it
// found one.
func (p *Plan) spread() bool {
	changed := false
	for _, n := range p.g.Nodes {
		r := p.o.Profile.roles[n.Op]
		if _, done := p.roles[n]; done || r == float || r == product || p.folded[n] || p.sums[n] != nil || p.weighs[n] || p.faint(n) || p.o.keeps(n) {
			continue
		}
		if r != mover && (p.sequence(n) || len(p.o.Ops) > 0 && !slices.Contains(p.o.Ops, n.Op)) {
			continue
		}
		if p.join(n, r) {
			changed = true
		}
	}
	return changed
}

// join decides whether n takes part, and marks its tensors.
func (p *Plan) join(n *ir.Node, r role) bool {
	x, out := n.In(0), n.Out(0)
	if !isFloat(x) || !isFloat(out) || x.IsConst() {
		return false
	}
	in := p.taken(x)
	switch r {
	case mover, same:
		return p.joinMover(n, r)
	case combine, joint:
		open := 0
		for _, v := range n.Inputs {
			if !isFloat(v) || v.IsConst() && (r == joint || !v.Const.Finite() || p.o.Profile.hoist) {
				return false
			}
			in = in || !v.IsConst() && p.taken(v)
			if !v.IsConst() {
				open++
			}
		}
		if r == joint && !p.o.Profile.outputs {
			in = p.taken(out)
		}
		if r == joint && !p.readInIntegers(out) {
			// The end of a model, such as a detector's boxes and scores side by
			// side: one scale for all would cost the smallest of them everything.
			return false
		}
		if open == 0 {
			return false
		}
	}
	reads := n.Inputs
	if !in && !p.o.Profile.everything {
		if reads = p.between(n, r); reads == nil {
			return false
		}
	}
	p.roles[n] = r
	for _, v := range reads {
		p.mark(v)
	}
	if r == joint && !p.o.Profile.outputs {
		// Quantized before the Concat: behind it the tensor is on the grid.
		delete(p.marked, out)
		p.hoisted[out] = true
	}
	if r == combine {
		p.markOutput(n)
	} else if p.o.Profile.outputs {
		p.mark(out)
	}
	return true
}

// taken reports whether v lies on an integer grid.
func (p *Plan) taken(v *ir.Value) bool { return p.marked[v] || p.hoisted[v] }

func (p *Plan) joinMover(n *ir.Node, r role) bool {
	x := n.In(0)
	if n.Op == "Resize" && n.Str("mode", "nearest") == "cubic" {
		return false // overshoots the range
	}
	if n.Op == "Pad" && n.In(2) != nil {
		if c, ok := n.In(2).ConstScalar(); !ok || c != 0 {
			return false
		}
	}
	if p.o.Profile.hoist {
		any := false
		for _, v := range n.Outputs {
			any = any || v != nil && p.taken(v)
		}
		if !any {
			return false
		}
		p.roles[n] = r
		p.mark(x)
		for _, v := range n.Outputs {
			if v != nil {
				delete(p.marked, v)
				p.hoisted[v] = true
			}
		}
		return true
	}
	if !p.taken(x) && !(p.o.Profile.everything && p.readInIntegers(n.Out(0))) {
		return false
	}
	p.roles[n] = r
	p.mark(x)
	for _, v := range n.Outputs {
		p.mark(v)
	}
	return true
}

// unite joins the tensors that must share a scale.
func (p *Plan) unite() {
	for _, n := range p.g.Nodes {
		if f, ok := p.o.Profile.fixedOutputs[n.Op]; ok && p.roles[n] != float {
			p.fixed[p.root(n.Out(0))] = f
		}
	}
	for _, n := range p.g.Nodes {
		switch p.roles[n] {
		case mover, same:
			for _, v := range n.Outputs {
				if v != nil && isFloat(v) {
					p.join2(n.In(0), v)
				}
			}
		case joint:
			out := n.Out(0)
			for i, v := range n.Inputs {
				if _, prescribed := p.fixed[p.root(v)]; prescribed {
					p.requant[edge{n, i}] = out
					continue
				}
				p.join2(out, v)
			}
		}
	}
}

func (p *Plan) root(v *ir.Value) *ir.Value {
	for p.parent[v] != nil {
		v = p.parent[v]
	}
	return v
}

func (p *Plan) join2(a, b *ir.Value) {
	a, b = p.root(a), p.root(b)
	if a == b {
		return
	}
	if f, ok := p.fixed[b]; ok {
		p.fixed[a] = f
	}
	p.parent[b] = a
}

// values lists the tensors to be measured, in the graph's order: the quantized
// ones and those that share a scale with one.
func (p *Plan) values() []*ir.Value {
	var out []*ir.Value
	for _, v := range p.g.Values() {
		if !v.IsConst() && p.taken(v) {
			out = append(out, v)
		}
	}
	return out
}

// channels gives, for each input of a product, the axis that its weights sum
// over: the one along which bias correction needs means.
func (p *Plan) channels() map[*ir.Value]int {
	m := map[*ir.Value]int{}
	for n, r := range p.roles {
		if r != product || !n.In(1).IsConst() {
			continue
		}
		axis := 1
		if n.Op == "MatMul" {
			axis = n.In(0).Rank() - 1
		}
		if axis >= 0 {
			m[n.In(0)] = axis
		}
	}
	return m
}
