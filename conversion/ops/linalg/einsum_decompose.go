package linalg

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// decomposeEinsum spells a contraction of two operands as Transpose, Reshape
// and MatMul, and a form of one operand as ReduceSum and Transpose. Other forms,
// and labels that repeat inside a term, have no decomposition.
func decomposeEinsum(b *op.Builder) ([]*ir.Value, error) {
	no := func(why string) error {
		return fmt.Errorf("equation %q: %s: %w", b.Str("equation", ""), why, op.ErrNoDecomposition)
	}
	if len(b.Inputs) > 2 {
		return nil, no("more than two operands")
	}
	ranks := make([]int, len(b.Inputs))
	size := map[rune]ir.Dim{}
	for i, v := range b.Inputs {
		if ranks[i] = v.Rank(); ranks[i] < 0 {
			return nil, no("an operand of unknown rank")
		}
	}
	e, err := parseEquation(b.Str("equation", ""), ranks)
	if err != nil {
		return nil, err
	}
	for i, labels := range e.in {
		for j, l := range labels {
			if slices.Contains(labels[:j], l) {
				return nil, no("a label repeats inside a term")
			}
			d := b.In(i).Shape[j]
			if have, ok := size[l]; ok && !have.Equal(d) {
				return nil, no("sizes of a label are not known to be equal")
			}
			size[l] = d
		}
	}
	terms := make([]term, len(b.Inputs))
	for i, v := range b.Inputs {
		terms[i] = term{v, slices.Clone(e.in[i])}
		other := e.out
		if len(e.in) == 2 {
			other = append(slices.Clone(e.out), e.in[1-i]...)
		}
		terms[i].sumOthers(b, other)
	}
	if len(terms) == 1 {
		return []*ir.Value{terms[0].arrange(b, e.out).v}, nil
	}
	return contract(b, e, terms[0], terms[1], size, no)
}

// term is a value with its labels.
type term struct {
	v      *ir.Value
	labels []rune
}

// sumOthers removes the labels that are not in keep, by summing over them.
func (t *term) sumOthers(b *op.Builder, keep []rune) {
	var axes []int64
	var left []rune
	for i, l := range t.labels {
		if slices.Contains(keep, l) {
			left = append(left, l)
		} else {
			axes = append(axes, int64(i))
		}
	}
	if len(axes) > 0 {
		t.v = b.Op("ReduceSum", ir.Attrs{"keepdims": int64(0)}, t.v, b.Ints(axes...))
		t.labels = left
	}
}

// arrange transposes the term to the given order of its labels.
func (t term) arrange(b *op.Builder, order []rune) term {
	if slices.Equal(t.labels, order) {
		return t
	}
	perm := make([]int64, len(order))
	for i, l := range order {
		perm[i] = int64(slices.Index(t.labels, l))
	}
	return term{b.Op("Transpose", ir.Attrs{"perm": perm}, t.v), order}
}

func contract(b *op.Builder, e *equation, x, y term, size map[rune]ir.Dim, no func(string) error) ([]*ir.Value, error) {
	var batch, rows, cols, sums []rune
	for _, l := range x.labels {
		inY, inOut := slices.Contains(y.labels, l), slices.Contains(e.out, l)
		switch {
		case inY && inOut:
			batch = append(batch, l)
		case inY:
			sums = append(sums, l)
		default:
			rows = append(rows, l)
		}
	}
	for _, l := range y.labels {
		if !slices.Contains(x.labels, l) {
			cols = append(cols, l)
		}
	}
	for _, g := range [][]rune{rows, cols, sums} {
		if _, ok := extent(g, size); !ok && len(g) > 1 {
			return nil, no("joined labels of unknown size")
		}
	}
	x = x.arrange(b, slices.Concat(batch, rows, sums))
	y = y.arrange(b, slices.Concat(batch, sums, cols))
	p := b.Op("MatMul", nil, join(b, x.v, len(batch), rows, sums, size), join(b, y.v, len(batch), sums, cols, size))
	if len(rows) != 1 || len(cols) != 1 {
		// 0 keeps a batch dimension, which stands at the same place.
		shape := make([]int64, len(batch))
		for _, l := range slices.Concat(rows, cols) {
			n, ok := size[l].Int()
			if !ok {
				n = -1
			}
			shape = append(shape, n)
		}
		unknown := 0
		for _, n := range shape {
			if n == -1 {
				unknown++
			}
		}
		if unknown > 1 {
			return nil, no("two results of unknown size")
		}
		p = b.Op("Reshape", nil, p, b.Ints(shape...))
	}
	return []*ir.Value{term{p, slices.Concat(batch, rows, cols)}.arrange(b, e.out).v}, nil
}

// extent is the product of the labels' sizes.
func extent(labels []rune, size map[rune]ir.Dim) (int64, bool) {
	n := int64(1)
	for _, l := range labels {
		d, ok := size[l].Int()
		if !ok {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// join reshapes the axes after the batch to two: those of a and those of b.
func join(b *op.Builder, v *ir.Value, batch int, first, second []rune, size map[rune]ir.Dim) *ir.Value {
	if len(first) == 1 && len(second) == 1 {
		return v
	}
	shape := make([]int64, batch, batch+2)
	for _, g := range [][]rune{first, second} {
		n, ok := extent(g, size)
		if !ok {
			n = -1
		}
		shape = append(shape, n)
	}
	return b.Op("Reshape", nil, v, b.Ints(shape...))
}
