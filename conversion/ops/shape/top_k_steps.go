package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

// mostCompared bounds the pairs of elements that are compared to find their order.
const mostCompared = 1 << 24

// decomposeTopK counts for each element those that come before it: larger ones, and
// equal ones at smaller places. The first k are those of which fewer than k do.
func decomposeTopK(d *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: d}
	x := b.In(0)
	s, ok := x.Shape.Ints()
	k, known := b.In(1).ConstInts()
	if !ok || !known || len(k) != 1 || len(s) == 0 {
		return nil, fmt.Errorf("sizes that are not known: %w", op.ErrNoDecomposition)
	}
	axis, err := kernel.Axis(b.Int("axis", -1), len(s))
	if err != nil {
		return nil, err
	}
	n, count := s[axis], k[0]
	rows := kernel.Product(s[:axis]) * kernel.Product(s[axis+1:])
	if n*n*rows > mostCompared || count < 1 || rows == 0 {
		return nil, fmt.Errorf("the order of %d elements: %w", n, op.ErrNoDecomposition)
	}
	var perm, back, shape []int64
	for a := range s {
		if a != axis {
			perm, shape = append(perm, int64(a)), append(shape, int64(s[a]))
		}
	}
	perm, shape = append(perm, int64(axis)), append(shape, count)
	back = make([]int64, len(perm))
	for i, p := range perm {
		back[p] = int64(i)
	}
	if axis != len(s)-1 {
		x = b.Transpose(x, perm...)
	}
	x = b.Reshape(x, int64(rows), int64(n))

	after, before := "Less", "Greater"
	if b.Int("largest", 1) == 0 {
		after, before = before, after
	}
	one, other := b.Unsqueeze(x, 2), b.Unsqueeze(x, 1)
	behind, ahead := make([]bool, n*n), make([]bool, n*n) // whether the other one stands there
	for i := range n {
		for j := range n {
			behind[i*n+j], ahead[i*n+j] = j > i, j < i
		}
	}
	larger := b.Op("And", nil, b.Op(after, nil, one, other), b.Const(tensor.Of(behind, 1, n, n)))
	least := b.Op("And", nil, b.Op("Not", nil, b.Op(before, nil, one, other)), b.Const(tensor.Of(ahead, 1, n, n)))
	sum := ir.Attrs{"keepdims": int64(0)}
	order := b.Op("ReduceSum", sum.Clone(), b.Cast(b.Op("Or", nil, larger, least), tensor.Int64), b.Ints(2))

	places, firsts := make([]int64, n), make([]int64, count)
	for i := range places {
		places[i] = int64(i)
	}
	copy(firsts, places)
	is := b.Op("Equal", nil, b.Unsqueeze(order, 1), b.Const(tensor.Of(firsts, 1, int(count), 1)))
	at := b.Op("Where", nil, is, b.Const(tensor.Of(places, 1, 1, n)), b.Const(tensor.Scalar(int64(0))))
	idx := b.Op("ReduceSum", sum, at, b.Ints(2))
	out := []*ir.Value{b.Op("GatherElements", ir.Attrs{"axis": int64(1)}, x, idx), idx}
	for i, v := range out {
		if v = b.Reshape(v, shape...); axis != len(s)-1 {
			v = b.Transpose(v, back...)
		}
		out[i] = v
	}
	return out, nil
}
