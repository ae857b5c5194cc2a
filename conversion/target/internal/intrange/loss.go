package intrange

import (
	"math"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Loss is what a runtime may compute otherwise than the graph says because its
// integers are narrower.
type Loss struct {
	Cut     []*ir.Node  // whose 64-bit results may be more than 32 bits hold
	Rounded []*ir.Node  // whose integers may be more than single precision holds
	Signed  []*ir.Node  // to which it matters whether 32-bit integers without a sign, which may be 2^31 and more, got one
	Inputs  []*ir.Value // wider than 32 bits, and read as more than places in tensors or numbers to convert to floats
}

// Check finds what a runtime may lose that keeps integers in 32 bits, with results
// modulo 2^32, and that computes the nodes that are single in floats of 32 bits. Any
// integer of the data is taken to be less than 2^30 of itself; what only counts
// sizes, and what only ends as a place in a tensor, is not lost. g, with the
// bodies in it, has been inferred.
func Check(g *ir.Graph, single func(*ir.Node) bool) Loss {
	c := &checker{g: g, single: single, spans: map[*ir.Value]span{}, sized: map[*ir.Value]bool{}, places: map[*ir.Value]bool{}}
	for _, v := range g.Inputs {
		if Wide(v.DType) && (g.IsOutput(v) || slices.ContainsFunc(v.Uses(), func(u ir.Use) bool { return !harmless(u) && !c.leadsToPlace(u) })) && c.of(v) == typeSpan(v.DType) {
			c.Inputs = append(c.Inputs, v)
		}
	}
	c.nodes()
	return c.Loss
}

// Wide reports whether d holds integers that 32 bits with a sign do not.
func Wide(d tensor.DType) bool {
	return d == tensor.Int64 || d == tensor.Uint64 || d == tensor.Uint32
}

// Warn is a finding of a code that names nodes' operators, in the place of %s in the
// text, and their source layers; none where there are no nodes.
func Warn(nodes []*ir.Node, code, text string) diag.List {
	if len(nodes) == 0 {
		return nil
	}
	ops, layers := kinds(nodes)
	f := diag.Warnf(code, text, ops)
	f.Layers = layers
	return diag.List{f}
}

// kinds lists the operators of nodes, each once, and their source layers.
func kinds(nodes []*ir.Node) (ops string, layers []string) {
	var names []string
	for _, n := range nodes {
		names, layers = append(names, n.Op), append(layers, n.Origin...)
	}
	for _, l := range []*[]string{&names, &layers} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	return strings.Join(names, ", "), layers
}

type checker struct {
	Loss
	g      *ir.Graph
	single func(*ir.Node) bool
	spans  map[*ir.Value]span
	sized  map[*ir.Value]bool // by value: whether it follows from sizes alone
	places map[*ir.Value]bool // by value: whether it only ends as places in tensors
}

func (c *checker) nodes() {
	for _, n := range c.g.Nodes {
		for _, body := range n.Bodies() {
			inner := Check(body, c.single)
			c.Cut, c.Rounded, c.Signed = append(c.Cut, inner.Cut...), append(c.Rounded, inner.Rounded...), append(c.Signed, inner.Signed...)
		}
		fixed := c.followsSizes(n)
		if !fixed && c.tellsSigns(n) {
			c.Signed = append(c.Signed, n)
		}
		for i, v := range n.Outputs {
			if v == nil {
				continue
			}
			c.sized[v] = fixed
			exact := c.result(n, i)
			if !fixed {
				c.judge(n, v, exact)
			}
			held := typeSpan(v.DType)
			if exact.lo < math.MinInt32 || exact.hi > math.MaxInt32 {
				exact = held
			}
			c.spans[v] = c.placed(v, exact)
		}
	}
}

// judge notes what output v of n may lose.
func (c *checker) judge(n *ir.Node, v *ir.Value, exact span) {
	switch {
	case c.single(n):
		if c.rounds(n, exact) && !slices.Contains(c.Rounded, n) {
			c.Rounded = append(c.Rounded, n)
		}
	case !Wide(v.DType) || exact.lo >= math.MinInt32 && exact.hi <= math.MaxInt32:
	case ring[n.Op] && c.onlyPlaces(v):
		// Its low 32 bits make the place, which is less than those hold.
	default:
		c.Cut = append(c.Cut, n)
	}
}

// exactSingle is the number up to which floats of 32 bits hold every integer.
const exactSingle = 1 << 24

// rounds reports whether n, computed in single precision, may be rounded; result
// is what it gives exactly.
func (c *checker) rounds(n *ir.Node, result span) bool {
	ints := func(v *ir.Value) bool { return v != nil && v.DType.IsInt() }
	if !slices.ContainsFunc(n.Inputs, ints) || len(n.Inputs) == 0 || !ints(n.Inputs[0]) {
		return false
	}
	x := c.of(n.Inputs[0]).size()
	switch n.Op {
	case "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual":
		// Rounding keeps the order to a number that is held exactly.
		return min(x, c.of(n.Inputs[1]).size()) >= exactSingle
	case "Div", "Mod":
		return max(x, c.of(n.Inputs[1]).size()) > exactSingle
	case "ReduceMean":
		return x*c.reduced(n) > exactSingle
	}
	return result.size() > exactSingle
}

// followsSizes reports whether what n gives is known, or follows from sizes alone.
func (c *checker) followsSizes(n *ir.Node) bool {
	if n.Op == "Shape" || n.Op == "Size" {
		return true
	}
	if len(n.Bodies()) > 0 || strings.HasPrefix(n.Op, "Random") {
		return false
	}
	for _, v := range n.Inputs {
		if v != nil && !v.IsConst() && v.Content == nil && !c.sized[v] {
			return false
		}
	}
	return true
}

// ring lists the operators of which the low bits of the result follow from those
// of the operands.
var ring = map[string]bool{"Add": true, "Sub": true, "Mul": true, "Neg": true, "Sum": true, "CumSum": true, "ReduceSum": true, "ReduceProd": true, "CumProd": true}

// onlyPlaces reports whether v is read, and every use leads to a place in a tensor.
func (c *checker) onlyPlaces(v *ir.Value) bool {
	yes, known := c.places[v]
	if !known {
		yes = len(v.Uses()) > 0 && !c.g.IsOutput(v) && !slices.ContainsFunc(v.Uses(), func(u ir.Use) bool { return !c.leadsToPlace(u) })
		c.places[v] = yes
	}
	return yes
}

// leadsToPlace reports whether u, and whatever reads the low bits that it passes
// on, ends as a place in a tensor.
func (c *checker) leadsToPlace(u ir.Use) bool {
	if indexes(u) {
		return true
	}
	n := u.Node
	if !carries(n, u.Index) && (!ring[n.Op] || c.single(n)) {
		return false
	}
	return !slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v != nil && !c.onlyPlaces(v) })
}

// indexes reports whether u reads places in a tensor.
func indexes(u ir.Use) bool {
	switch u.Node.Op {
	case "Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND":
		return u.Index == 1
	}
	return false
}

// harmless reports whether u reads nothing but the shape, or converts to floats,
// which runtimes do before they cut.
func harmless(u ir.Use) bool {
	n := u.Node
	return n.Op == "Shape" || n.Op == "Size" || n.Op == "Cast" && n.Out(0).DType.IsFloat()
}

// placed is s as far as v, or the same elements in another shape, may be a place
// in a tensor that it is read as.
func (c *checker) placed(v *ir.Value, s span) span {
	for _, u := range v.Uses() {
		n := u.Node
		switch {
		case indexes(u):
			d := float64(sizeLimit)
			if data := n.In(0); data.Rank() >= 0 {
				d = 0
				for a := range data.Shape {
					d = max(d, dim(data.Shape, a))
				}
				if a := n.Int("axis", 0); n.Op == "Gather" || n.Op == "GatherElements" || n.Op == "ScatterElements" {
					d = dim(data.Shape, int(a))
				}
			}
			s = s.and(span{-d, d - 1})
		case keepsAll[n.Op] && u.Index == 0 && n.Out(0) != nil && n.Out(0).DType.IsInt() && n.Out(0).DType.Bits() >= 32:
			s = c.placed(n.Out(0), s)
		}
	}
	return s
}

// keepsAll lists the operators that give every element of their operand.
var keepsAll = map[string]bool{"Identity": true, "Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Transpose": true, "Cast": true}
