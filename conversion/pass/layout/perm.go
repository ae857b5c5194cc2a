package layout

import (
	"slices"

	"slipway/conversion/ir"
)

// Perm is an axis order: stored axis k holds logical axis Perm[k]. nil is the
// logical order.
type Perm []int

// Last is the channels-last order of a tensor that is logically channels-first:
// (0,2,3,1) for rank 4. nil below rank 3.
func Last(rank int) Perm {
	if rank < 3 {
		return nil
	}
	p := Perm{0}
	for i := 2; i < rank; i++ {
		p = append(p, i)
	}
	return append(p, 1)
}

// IsIdentity reports whether p keeps the logical order.
func (p Perm) IsIdentity() bool {
	for i, a := range p {
		if i != a {
			return false
		}
	}
	return true
}

// Equal reports whether p and q are the same order.
func (p Perm) Equal(q Perm) bool {
	if p == nil || q == nil {
		return p.IsIdentity() && q.IsIdentity()
	}
	return slices.Equal(p, q)
}

// Axis is the stored position of logical axis a.
func (p Perm) Axis(a int) int {
	if p == nil {
		return a
	}
	return slices.Index(p, a)
}

// At is the logical axis that stored axis k holds.
func (p Perm) At(k int) int {
	if p == nil {
		return k
	}
	return p[k]
}

// Inverse undoes p.
func (p Perm) Inverse() Perm {
	if p == nil {
		return nil
	}
	q := make(Perm, len(p))
	for k, a := range p {
		q[a] = k
	}
	return q
}

// To is the transposition that turns data stored in order p into order q, both
// of the given rank: result axis k is source axis To[k].
func (p Perm) To(q Perm, rank int) Perm {
	t := make(Perm, rank)
	for k := range t {
		t[k] = p.Axis(q.At(k))
	}
	return t
}

// Apply reorders a list that has one entry for each logical axis.
func Apply[T any](p Perm, v []T) []T {
	if p == nil {
		return v
	}
	out := make([]T, len(v))
	for k, a := range p {
		out[k] = v[a]
	}
	return out
}

// SameBytes reports whether a tensor of the given logical shape has the same
// bytes in both orders: they differ in the places of axes of size 1 only.
func SameBytes(shape ir.Shape, p, q Perm) bool {
	if p.Equal(q) {
		return true
	}
	order := func(p Perm) []int {
		var o []int
		for k := range shape {
			if a := p.At(k); !shape[a].Is(1) {
				o = append(o, a)
			}
		}
		return o
	}
	return slices.Equal(order(p), order(q))
}

// norm maps the identity to nil.
func (p Perm) norm() Perm {
	if p.IsIdentity() {
		return nil
	}
	return p
}

// without removes axis a from p and renumbers the rest.
func (p Perm) without(axes []int) Perm {
	var out Perm
	for _, a := range p {
		if slices.Contains(axes, a) {
			continue
		}
		n := 0
		for _, x := range axes {
			if x < a {
				n++
			}
		}
		out = append(out, a-n)
	}
	return out.norm()
}

func identity(rank int) Perm {
	p := make(Perm, rank)
	for i := range p {
		p[i] = i
	}
	return p
}

// Full spells out the logical order.
func (p Perm) Full(rank int) Perm {
	if p == nil {
		return identity(rank)
	}
	return p
}
