package ir

import "strings"

// Shape is a list of dims, outermost first. nil means that even the rank is
// unknown; an empty non-nil Shape is a scalar.
type Shape []Dim

// Dims makes a static shape.
func Dims[T int | int64](n ...T) Shape {
	s := make(Shape, len(n))
	for i, d := range n {
		s[i] = Static(int64(d))
	}
	return s
}

// Known reports whether the rank is known.
func (s Shape) Known() bool { return s != nil }

// IsStatic reports whether every dim is known.
func (s Shape) IsStatic() bool {
	_, ok := s.Ints()
	return ok
}

// Ints returns the sizes and true, or nil and false where one is not known.
func (s Shape) Ints() ([]int, bool) {
	if s == nil {
		return nil, false
	}
	out := make([]int, len(s))
	for i, d := range s {
		n, ok := d.Int()
		if !ok {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// Equal reports whether both shapes are known and the same, dim by dim.
func (s Shape) Equal(t Shape) bool {
	if s == nil || t == nil || len(s) != len(t) {
		return false
	}
	for i := range s {
		if !s[i].Equal(t[i]) {
			return false
		}
	}
	return true
}

// NumElements is the product of the dims; false where the rank is unknown.
func (s Shape) NumElements() (Dim, bool) {
	if s == nil {
		return Dim{}, false
	}
	n := Static(1)
	for _, d := range s {
		n = n.Mul(d)
	}
	return n, true
}

// Clone copies the list.
func (s Shape) Clone() Shape {
	if s == nil {
		return nil
	}
	return append(Shape{}, s...)
}

// String prints [1,3,H,W], [] for a scalar and [?] for an unknown rank.
func (s Shape) String() string {
	if s == nil {
		return "[?]"
	}
	p := make([]string, len(s))
	for i, d := range s {
		p[i] = d.String()
	}
	return "[" + strings.Join(p, ",") + "]"
}
