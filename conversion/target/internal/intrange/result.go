package intrange

import (
	"math"
	"slices"

	"slipway/conversion/ir"
)

// carriers lists the operators that give elements of some of their inputs, by the
// places of those; nil: of all.
var carriers = map[string][]int{
	"Identity": {0}, "Reshape": {0}, "Flatten": {0}, "Squeeze": {0}, "Unsqueeze": {0}, "Transpose": {0}, "Slice": {0}, "Expand": {0}, "Tile": {0},
	"Split": {0}, "DepthToSpace": {0}, "SpaceToDepth": {0}, "ReverseSequence": {0}, "Compress": {0}, "Gather": {0}, "GatherElements": {0},
	"GatherND": {0}, "Where": {1, 2}, "Concat": nil, "Cast": {0},
}

// carries reports whether outputs of n hold elements of input i, as integers of at
// least 32 bits.
func carries(n *ir.Node, i int) bool {
	at, ok := carriers[n.Op]
	return ok && (at == nil || slices.Contains(at, i)) && n.Out(0) != nil && n.Out(0).DType.IsInt() && n.Out(0).DType.Bits() >= 32
}

// result is the span of output i of n, computed exactly from those of its inputs.
func (c *checker) result(n *ir.Node, i int) span {
	v := n.Out(i)
	in := func(k int) span { return c.of(n.In(k)) }
	all := typeSpan(v.DType)
	if !v.DType.IsInt() {
		return all
	}
	if v.Content != nil {
		return c.of(v)
	}
	if at, ok := carriers[n.Op]; ok {
		return c.carried(n, v, at)
	}
	switch n.Op {
	case "Add", "Sum":
		s := in(0)
		for k := 1; k < len(n.Inputs); k++ {
			s = span{s.lo + in(k).lo, s.hi + in(k).hi}
		}
		return s
	case "Sub":
		return span{in(0).lo - in(1).hi, in(0).hi - in(1).lo}
	case "Mul":
		if n.In(0) == n.In(1) {
			return span{0, in(0).size() * in(0).size()}
		}
		return in(0).times(in(1))
	case "Neg":
		return span{-in(0).hi, -in(0).lo}
	case "Abs":
		return span{0, in(0).size()}
	case "Sign":
		return span{-1, 1}
	case "Div":
		if a, b := in(0), in(1); b.lo >= 1 {
			return hull(math.Trunc(a.lo/b.lo), math.Trunc(a.lo/b.hi), math.Trunc(a.hi/b.lo), math.Trunc(a.hi/b.hi))
		}
		return span{-in(0).size(), in(0).size()}
	case "Mod":
		m := max(in(1).size()-1, 0)
		if in(1).lo >= 0 && n.Int("fmod", 0) == 0 {
			return span{0, m}
		}
		return span{-m, m}
	case "Max", "Min":
		s := in(0)
		for k := 1; k < len(n.Inputs); k++ {
			if t := in(k); n.Op == "Max" {
				s = span{max(s.lo, t.lo), max(s.hi, t.hi)}
			} else {
				s = span{min(s.lo, t.lo), min(s.hi, t.hi)}
			}
		}
		return s
	case "Clip":
		s := in(0)
		if n.In(1) != nil {
			s = span{max(s.lo, in(1).lo), max(s.hi, in(1).hi)}
		}
		if n.In(2) != nil {
			s = span{min(s.lo, in(2).lo), min(s.hi, in(2).hi)}
		}
		return s
	case "Pow":
		e := max(in(1).hi, 0)
		p := math.Pow(max(in(0).size(), 1), e)
		if in(0).lo >= 0 {
			return span{0, p}
		}
		return span{-p, p}
	case "BitShift":
		if n.Str("direction", "") == "RIGHT" {
			return span{0, in(0).hi}
		}
		return span{0, math.Ldexp(in(0).hi, int(min(max(in(1).hi, 0), 64)))}
	case "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot":
		if n.Op == "BitwiseAnd" && in(0).lo >= 0 && in(1).lo >= 0 {
			return span{0, min(in(0).hi, in(1).hi)}
		}
		m := math.Ldexp(1, bits(max(in(0).size(), in(1).size())))
		if v.DType.IsSigned() {
			return span{-m, m - 1}
		}
		if n.Op == "BitwiseNot" {
			m = math.Ldexp(1, v.DType.Bits())
		}
		return span{0, m - 1}
	}
	return c.counted(n, i, all)
}

// carried is the span of elements of the inputs at the places; a Cast from what
// its result does not hold may give any number.
func (c *checker) carried(n *ir.Node, v *ir.Value, at []int) span {
	var parts []span
	for k, x := range n.Inputs {
		if x != nil && (at == nil || slices.Contains(at, k)) {
			parts = append(parts, c.of(x))
		}
	}
	s := parts[0]
	for _, p := range parts[1:] {
		s = s.or(p)
	}
	if all := typeSpan(v.DType); n.Op == "Cast" && (s.lo < all.lo || s.hi > all.hi) && v.DType.Bits() < 32 {
		return all
	}
	return s
}

// counted is the span of a node that adds up, multiplies or counts elements.
func (c *checker) counted(n *ir.Node, i int, all span) span {
	x := n.In(0)
	var s ir.Shape
	if x != nil {
		s = x.Shape
	}
	switch n.Op {
	case "ReduceSum":
		return c.of(x).sum(c.reduced(n))
	case "ReduceL1":
		return span{0, c.of(x).size()}.sum(c.reduced(n))
	case "ReduceSumSquare":
		return span{0, c.of(x).size() * c.of(x).size()}.sum(c.reduced(n))
	case "ReduceMax", "ReduceMin", "ReduceMean":
		return c.of(x)
	case "ReduceProd":
		p := math.Pow(max(c.of(x).size(), 1), c.reduced(n))
		return span{-p, p}
	case "CumSum", "CumProd":
		count := elements(s)
		if a, ok := n.In(1).ConstInts(); ok && len(a) == 1 {
			count = dim(s, int(a[0]))
		}
		if n.Op == "CumSum" {
			return c.of(x).sum(count).or(span{})
		}
		p := math.Pow(max(c.of(x).size(), 1), count)
		return span{-p, p}
	case "MatMul", "Einsum", "Gemm":
		p := 1.0 // of how many factors each element is a sum
		for _, v := range n.Inputs {
			p *= max(c.of(v).size(), 1)
		}
		count := dim(s, -1)
		if n.Op == "Einsum" {
			count = elements(s)
		}
		return span{-p * count, p * count}
	case "ArgMax", "ArgMin":
		return span{0, dim(s, int(n.Int("axis", 0))) - 1}
	case "TopK":
		if i == 1 {
			return span{0, dim(s, int(n.Int("axis", -1))) - 1}
		}
		return c.of(x)
	case "Unique":
		if i > 0 {
			return span{0, max(elements(s), sizeLimit)}
		}
		return c.of(x)
	case "NonZero", "NonMaxSuppression":
		return span{0, sizeLimit - 1}
	case "Range":
		return c.of(x).or(c.of(n.In(1)))
	case "OneHot":
		return c.of(n.In(2))
	case "Pad", "ScatterElements", "ScatterND":
		if n.Str("reduction", "none") != "none" {
			break
		}
		if n.In(2) == nil {
			return c.of(x).or(span{})
		}
		return c.of(x).or(c.of(n.In(2)))
	case "Trilu":
		return c.of(x).or(span{})
	case "EyeLike":
		return span{0, 1}
	}
	return all
}

// bits is how many bits numbers of that size have.
func bits(size float64) int {
	_, e := math.Frexp(size)
	return e
}
