package intrange

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// span is the least and the largest number that a value may hold.
type span struct{ lo, hi float64 }

// sizeLimit is more than any size of a tensor that is not known yet is taken for.
const sizeLimit = exactSingle

// dataLimit is what integers of the data, of which nothing is known, are taken to
// be less than: so that a number more or less does not leave 32 bits.
const dataLimit = 1 << 30

// readable is how many elements of a constant are looked at.
const readable = 1 << 16

func (s span) size() float64 { return max(math.Abs(s.lo), math.Abs(s.hi)) }

func (s span) or(t span) span { return span{min(s.lo, t.lo), max(s.hi, t.hi)} }

// and is what both have, s where that is nothing.
func (s span) and(t span) span {
	if lo, hi := max(s.lo, t.lo), min(s.hi, t.hi); lo <= hi {
		return span{lo, hi}
	}
	return s
}

func hull(v ...float64) span {
	s := span{v[0], v[0]}
	for _, x := range v[1:] {
		s = s.or(span{x, x})
	}
	return s
}

func (s span) times(t span) span { return hull(s.lo*t.lo, s.lo*t.hi, s.hi*t.lo, s.hi*t.hi) }

// sum is that of 1 to n numbers of s.
func (s span) sum(n float64) span { return s.or(span{s.lo * n, s.hi * n}) }

// typeSpan is what a value of type d may hold of which nothing else is known.
func typeSpan(d tensor.DType) span {
	switch {
	case d == tensor.Bool:
		return span{0, 1}
	case !d.IsInt():
		return span{-dataLimit, dataLimit}
	case d.Bits() < 32 && d.IsSigned():
		return span{-math.Ldexp(1, d.Bits()-1), math.Ldexp(1, d.Bits()-1) - 1}
	case d.Bits() < 32:
		return span{0, math.Ldexp(1, d.Bits()) - 1}
	case d.IsSigned():
		return span{-dataLimit, dataLimit}
	}
	return span{0, dataLimit}
}

// of is the span of v.
func (c *checker) of(v *ir.Value) span {
	if v == nil {
		return span{}
	}
	if s, ok := c.spans[v]; ok {
		return s
	}
	s := typeSpan(v.DType)
	switch {
	case v.IsConst() && v.DType.IsReal() && v.Const.Len() <= readable:
		if x := v.Const.Float64s(); len(x) > 0 {
			s = hull(x...)
		}
	case len(v.Content) > 0:
		s = sizeSpan(v.Content[0])
		for _, d := range v.Content[1:] {
			s = s.or(sizeSpan(d))
		}
	case v.DType.IsInt() && v.Node() == nil:
		s = c.placed(v, s)
	}
	c.spans[v] = s
	return s
}

func sizeSpan(d ir.Dim) span {
	if n, ok := d.Int(); ok {
		return span{float64(n), float64(n)}
	}
	return span{-1, sizeLimit - 1}
}

// dim is the size of axis a, counted from either end, or more than it may be.
func dim(s ir.Shape, a int) float64 {
	if a < 0 {
		a += len(s)
	}
	if a < 0 || a >= len(s) {
		return sizeLimit
	}
	if n, ok := s[a].Int(); ok {
		return float64(n)
	}
	return sizeLimit
}

// elements is how many elements s has, or more than they may be.
func elements(s ir.Shape) float64 {
	if s == nil {
		return sizeLimit
	}
	n := 1.0
	for a := range s {
		n *= dim(s, a)
	}
	return n
}

// reduced is how many elements n reduces to one.
func (c *checker) reduced(n *ir.Node) float64 {
	x := n.In(0)
	if x.Rank() < 0 {
		return sizeLimit
	}
	if n.In(1) == nil {
		if n.Int("noop_with_empty_axes", 0) != 0 {
			return 1
		}
		return elements(x.Shape)
	}
	axes, ok := n.In(1).ConstInts()
	if !ok || len(axes) == 0 && n.Int("noop_with_empty_axes", 0) == 0 {
		return elements(x.Shape)
	}
	k := 1.0
	for _, a := range axes {
		k *= dim(x.Shape, int(a))
	}
	return k
}
