package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

// Bounds of what is compared and joined where computed indices are looked for: pairs of
// an update and a place, and elements of updates at all places.
const (
	mostPairs    = 1 << 24
	mostElements = 1 << 20
)

// byMask is ScatterND by indices that are computed. All updates are compared with all
// places: the last one that names a place is taken there, or those that do are joined.
func byMask(d *op.Builder) ([]*ir.Value, error) {
	b := masked{build.B{Builder: d}}
	data, idx, updates := b.In(0), b.In(1), b.In(2)
	s, ok := data.Shape.Ints()
	is, known := idx.Shape.Ints()
	if !ok || !known || len(is) < 1 {
		return nil, fmt.Errorf("indices that are computed, of unknown size: %w", op.ErrNoDecomposition)
	}
	depth := is[len(is)-1]
	if depth < 1 || depth > len(s) {
		return nil, fmt.Errorf("indices %v do not fit data %v", is, s)
	}
	rows, count, size := kernel.Product(s[:depth]), kernel.Product(is[:len(is)-1]), kernel.Product(s[depth:])
	reduction := b.Str("reduction", "none")
	switch {
	case rows == 0 || count == 0 || size == 0:
		return nil, fmt.Errorf("no elements: %w", op.ErrNoDecomposition)
	case rows*count > mostPairs:
		return nil, fmt.Errorf("%d computed indices for %d places: %w", count, rows, op.ErrNoDecomposition)
	case reduction != "none" && !data.DType.IsReal():
		return nil, fmt.Errorf("%s of %v: %w", reduction, data.DType, op.ErrNoDecomposition)
	}
	place := b.placed(idx, s[:depth], count)
	all := make([]int64, rows)
	for i := range all {
		all[i] = int64(i)
	}
	named := b.Op("Equal", nil, b.Reshape(place, int64(count), 1), b.Const(tensor.Of(all, 1, rows)))
	flat, parts := b.Reshape(data, int64(rows), int64(size)), b.Reshape(updates, int64(count), int64(size))
	var y *ir.Value
	if reduction == "none" {
		y = b.last(named, flat, parts, count, rows)
	} else {
		var err error
		if y, err = b.joined(reduction, named, flat, parts); err != nil {
			return nil, err
		}
	}
	return build.One(b.Reshape(y, wide(s)...))
}

// masked is a builder of what byMask needs.
type masked struct{ build.B }

// placed are lists of indices into axes of sizes s as places among all their elements;
// negative ones count from the end.
func (b masked) placed(idx *ir.Value, s []int, count int) *ir.Value {
	if idx.DType != tensor.Int64 {
		idx = b.Cast(idx, tensor.Int64)
	}
	idx = b.Reshape(idx, int64(count), int64(len(s)))
	zero := b.Const(tensor.Scalar(int64(0)))
	var sum *ir.Value
	for k, step := range kernel.Strides(s) {
		at := idx
		if len(s) > 1 {
			at = b.Slice(idx, 1, int64(k), int64(k)+1)
		}
		at = b.Op("Where", nil, b.Op("Less", nil, at, zero), b.Add(at, b.Const(tensor.Scalar(int64(s[k])))), at)
		if step != 1 {
			at = b.Mul(at, b.Const(tensor.Scalar(int64(step))))
		}
		if sum == nil {
			sum = at
		} else {
			sum = b.Add(sum, at)
		}
	}
	return sum
}

// last is data [rows, size] with the last of the updates [count, size] that names a row
// in its place; named is [count, rows].
func (b masked) last(named, data, updates *ir.Value, count, rows int) *ir.Value {
	order := make([]int64, count)
	for i := range order {
		order[i] = int64(i)
	}
	none := b.Const(tensor.Scalar(int64(-1)))
	from := b.Op("ReduceMax", ir.Attrs{"keepdims": int64(0)}, b.Op("Where", nil, named, b.Const(tensor.Of(order, count, 1)), none), b.Ints(0))
	zero := b.Const(tensor.Scalar(int64(0)))
	taken := b.Op("Gather", ir.Attrs{"axis": int64(0)}, updates, b.Op("Max", nil, from, zero))
	left := b.Op("Less", nil, b.Reshape(from, int64(rows), 1), zero)
	return b.Op("Where", nil, left, data, taken)
}

// joined is data with all updates that name a row joined into it.
func (b masked) joined(reduction string, named, data, updates *ir.Value) (*ir.Value, error) {
	count, _ := updates.Shape[0].Int()
	rows, _ := data.Shape[0].Int()
	size, _ := data.Shape[1].Int()
	few := count*rows*size <= mostElements
	if reduction == "add" && !few && data.DType.IsFloat() {
		return b.Add(data, b.MatMul(b.Transpose(b.Cast(named, data.DType), 1, 0), updates)), nil
	}
	if !few {
		return nil, fmt.Errorf("%d computed indices for %d places of %d elements: %w", count, rows, size, op.ErrNoDecomposition)
	}
	// Where an update does not name a row stands what joins without effect.
	idle := b.Unsqueeze(data, 0)
	number := func(v float64) *ir.Value {
		t, err := tensor.FromFloat64s(data.DType, []float64{v})
		if err != nil {
			b.Patch.Fail(err)
			return data
		}
		return b.Const(t)
	}
	by := map[string][2]string{"add": {"ReduceSum", "Add"}, "mul": {"ReduceProd", "Mul"}, "max": {"ReduceMax", "Max"}, "min": {"ReduceMin", "Min"}}[reduction]
	switch reduction {
	case "add":
		idle = number(0)
	case "mul":
		idle = number(1)
	}
	each := b.Op("Where", nil, b.Unsqueeze(named, 2), b.Unsqueeze(updates, 1), idle)
	return b.Op(by[1], nil, data, b.Op(by[0], ir.Attrs{"keepdims": int64(0)}, each, b.Ints(0))), nil
}
