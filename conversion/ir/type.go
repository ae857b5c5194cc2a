package ir

import (
	"fmt"
	"strings"

	"slipway/conversion/tensor"
)

// Type is what a value can be: a tensor, or a sequence of tensors or an optional
// value, which hold values of type Elem. A Type is immutable.
//
// The Shape of a container is its length, a list of one dimension: the number of
// tensors in a sequence, 0 or 1 for an optional value; nil while unknown. Elem is
// nil while nothing is known of what a container holds; for a sequence it is
// what all its tensors have in common, and a dimension in which they may differ is
// one made by Each.
type Type struct {
	DType tensor.DType
	Shape Shape
	Elem  *Type
}

// Type is v's type.
func (v *Value) Type() Type { return Type{v.DType, v.Shape, v.Elem} }

// SetType gives v a type and forgets its known content.
func (v *Value) SetType(t Type) { v.DType, v.Shape, v.Elem, v.Content = t.DType, t.Shape, t.Elem, nil }

// IsContainer reports whether v is a sequence or an optional value.
func (v *Value) IsContainer() bool { return v != nil && v.DType.IsContainer() }

// String prints f32[1,3,H,W], seq<f32[?]>[2], optional<seq<i64[]>[?]>[?].
func (t Type) String() string {
	d := "?"
	if t.DType != tensor.Invalid {
		d = t.DType.String()
	}
	if t.DType.IsContainer() {
		elem := "?[?]"
		if t.Elem != nil {
			elem = t.Elem.String()
		}
		d += "<" + elem + ">"
	}
	return d + t.Shape.String()
}

// each starts the names of dimensions that differ from tensor to tensor.
const each = "each."

// Each is a dimension in which the tensors of one sequence may differ. Equal ones
// do not mean equal sizes, unlike all other dimensions.
func Each(d Dim) Dim {
	return Symbol(each + strings.TrimPrefix(d.String(), each))
}

// One is the type of one tensor out of a sequence whose Elem is t: dimensions
// made by Each become fresh ones.
func (t Type) One(fresh func(axis int) Dim) Type {
	t.Shape = t.Shape.Clone()
	for i, d := range t.Shape {
		for _, s := range d.Symbols() {
			if strings.HasPrefix(s, each) {
				t.Shape[i] = fresh(i)
			}
		}
	}
	return t
}

// Same reports whether t and u are the same type, with shapes that are unknown
// alike.
func (t Type) Same(u Type) bool { return t.String() == u.String() }

// Join is the most that is known of a value that is of type t or of type u.
// fresh makes a symbol for a dimension in which they differ. Types that have
// nothing in common are an error.
func (t Type) Join(u Type, fresh func(axis int) Dim) (Type, error) {
	switch {
	case t.DType == tensor.Invalid || u.DType == tensor.Invalid:
		return Type{}, nil
	case t.DType != u.DType:
		return t, fmt.Errorf("%v and %v are not the same type", t, u)
	}
	if !t.DType.IsContainer() {
		return Type{DType: t.DType, Shape: JoinShapes(t.Shape, u.Shape, fresh)}, nil
	}
	out := Type{DType: t.DType}
	if t.Shape.Equal(u.Shape) {
		out.Shape = t.Shape
	}
	switch {
	case t.Elem == nil || len(t.Shape) == 1 && t.Shape[0].Is(0) && u.Elem != nil:
		out.Elem = u.Elem
	case u.Elem == nil || len(u.Shape) == 1 && u.Shape[0].Is(0):
		out.Elem = t.Elem
	default:
		e, err := t.Elem.Join(*u.Elem, func(axis int) Dim {
			if t.DType == tensor.Sequence {
				return Each(fresh(axis))
			}
			return fresh(axis)
		})
		if err != nil {
			return t, err
		}
		out.Elem = &e
	}
	return out, nil
}

// JoinShapes is what shapes s and t have in common: nil where their ranks differ
// or one is unknown, and fresh dimensions where their sizes differ.
func JoinShapes(s, t Shape, fresh func(axis int) Dim) Shape {
	if s == nil || t == nil || len(s) != len(t) {
		return nil
	}
	out := s.Clone()
	for i := range out {
		if !out[i].Equal(t[i]) {
			out[i] = fresh(i)
		}
	}
	return out
}
