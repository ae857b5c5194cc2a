package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// elementsByPlace writes elements at their place in the flattened data: where
// the indices are constant as a choice between data and updates, else by
// ScatterND.
func elementsByPlace(b *op.Builder) ([]*ir.Value, error) {
	data, idx, updates := b.In(0), b.In(1), b.In(2)
	in, ok := data.Shape.Ints()
	out, known := idx.Shape.Ints()
	if !ok || !known || len(in) == 0 {
		return nil, fmt.Errorf("data %v and indices %v of unknown size: %w", data.Shape, idx.Shape, op.ErrNoDecomposition)
	}
	axis, err := kernel.Axis(b.Int("axis", 0), len(in))
	if err != nil {
		return nil, err
	}
	n, err := tensor.NumElements(out)
	if err != nil {
		return nil, err
	}
	st := kernel.Strides(in)
	base := make([]int64, n)
	for i := range base {
		r := i
		for k := len(out) - 1; k >= 0; k-- {
			if k != axis {
				base[i] += int64(r % out[k] * st[k])
			}
			r /= out[k]
		}
	}
	v, isConst := idx.ConstInts()
	if isConst && len(v) == n {
		for i, p := range v {
			at, err := position(p, in[axis])
			if err != nil {
				return nil, err
			}
			base[i] += int64(at * st[axis])
		}
		if b.Str("reduction", "none") == "none" {
			return chosen(b, data, updates, in, base, 1)
		}
		return scatterFlat(b, b.Const(tensor.Of(base, n, 1)), in)
	}
	size := int64(in[axis])
	if idx.DType != tensor.Int64 {
		idx = b.Op("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int64)}, idx)
	}
	negative := b.Op("Less", nil, idx, b.Const(tensor.Scalar(int64(0))))
	idx = b.Op("Where", nil, negative, b.Op("Add", nil, idx, b.Const(tensor.Scalar(size))), idx)
	at := b.Op("Add", nil, b.Op("Mul", nil, idx, b.Const(tensor.Scalar(int64(st[axis])))), b.Const(tensor.Of(base, out...)))
	return scatterFlat(b, b.Op("Reshape", nil, at, b.Ints(int64(n), 1)), in)
}

// scatterFlat is ScatterND of the node's updates into its data, both flattened.
func scatterFlat(b *op.Builder, at *ir.Value, in []int) ([]*ir.Value, error) {
	flat := func(v *ir.Value) *ir.Value { return b.Op("Reshape", nil, v, b.Ints(-1)) }
	attrs := ir.Attrs{}
	if b.Has("reduction") {
		attrs["reduction"] = b.Str("reduction", "none")
	}
	y := b.Op("ScatterND", attrs, flat(b.In(0)), at, flat(b.In(2)))
	return []*ir.Value{b.Op("Reshape", nil, y, b.Ints(wide(in)...))}, nil
}

// blocksByPlace is ScatterND with constant indices as a choice between data and
// updates.
func blocksByPlace(b *op.Builder) ([]*ir.Value, error) {
	data, idx, updates := b.In(0), b.In(1), b.In(2)
	in, ok := data.Shape.Ints()
	v, isConst := idx.ConstInts()
	if !isConst {
		return byMask(b)
	}
	if !ok || idx.Rank() < 1 || b.Str("reduction", "none") != "none" {
		return nil, fmt.Errorf("data of unknown size: %w", op.ErrNoDecomposition)
	}
	s := idx.Const.Shape()
	depth := s[len(s)-1]
	if depth > len(in) || depth == 0 {
		return nil, fmt.Errorf("indices %v for data %v: %w", s, in, op.ErrNoDecomposition)
	}
	st, block := kernel.Strides(in), 1
	for _, d := range in[depth:] {
		block *= d
	}
	at := make([]int64, len(v)/depth)
	for i := range at {
		for k := range depth {
			p, err := position(v[i*depth+k], in[k])
			if err != nil {
				return nil, err
			}
			at[i] += int64(p * st[k])
		}
	}
	return chosen(b, data, updates, in, at, block)
}

// chosen gathers the result out of data followed by updates: run i of block
// elements of updates stands at element at[i].
func chosen(b *op.Builder, data, updates *ir.Value, in []int, at []int64, block int) ([]*ir.Value, error) {
	n, err := tensor.NumElements(in)
	if err != nil || n == 0 {
		return nil, fmt.Errorf("data %v: %w", in, op.ErrNoDecomposition)
	}
	from := make([]int64, n)
	for i := range from {
		from[i] = int64(i)
	}
	for i, a := range at {
		for k := range block {
			from[int(a)+k] = int64(n + i*block + k)
		}
	}
	flat := func(v *ir.Value) *ir.Value { return b.Op("Reshape", nil, v, b.Ints(-1)) }
	both := flat(data)
	if len(at) > 0 {
		both = b.Op("Concat", ir.Attrs{"axis": int64(0)}, both, flat(updates))
	}
	return []*ir.Value{b.Op("Gather", nil, both, b.Const(tensor.Of(from, in...)))}, nil
}

func wide(s []int) []int64 {
	out := make([]int64, len(s))
	for i, d := range s {
		out[i] = int64(d)
	}
	return out
}
