package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// flatGather takes the elements from the flattened data: the index along the
// axis times its stride, plus a constant for the place along the other axes.
func flatGather(b *op.Builder) ([]*ir.Value, error) {
	x, idx := b.In(0), b.In(1)
	in, ok := x.Shape.Ints()
	out, known := idx.Shape.Ints()
	if !ok || !known {
		return nil, fmt.Errorf("data %v and indices %v of unknown size: %w", x.Shape, idx.Shape, op.ErrNoDecomposition)
	}
	axis, err := kernel.Axis(b.Int("axis", 0), len(in))
	if err != nil {
		return nil, err
	}
	n, err := tensor.NumElements(out)
	if err != nil || len(in) == 0 {
		return nil, fmt.Errorf("indices %v: %w", out, op.ErrNoDecomposition)
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
	size := int64(in[axis])
	flat := b.Op("Reshape", nil, x, b.Ints(-1))
	if v, isConst := idx.ConstInts(); isConst && len(v) == n {
		for i, p := range v {
			if p < 0 {
				p += size
			}
			base[i] += p * int64(st[axis])
		}
		return []*ir.Value{b.Op("Gather", nil, flat, b.Const(tensor.Of(base, out...)))}, nil
	}
	if idx.DType != tensor.Int64 {
		idx = b.Op("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int64)}, idx)
	}
	negative := b.Op("Less", nil, idx, b.Const(tensor.Scalar(int64(0))))
	idx = b.Op("Where", nil, negative, b.Op("Add", nil, idx, b.Const(tensor.Scalar(size))), idx)
	at := b.Op("Add", nil, b.Op("Mul", nil, idx, b.Const(tensor.Scalar(int64(st[axis])))), b.Const(tensor.Of(base, out...)))
	return []*ir.Value{b.Op("Gather", nil, flat, at)}, nil
}
