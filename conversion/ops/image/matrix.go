package image

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// maxMatrix bounds the elements of an interpolation matrix.
const maxMatrix = 1 << 24

// byAxes resamples one axis after the other, for sizes that are known: the
// nearest elements are gathered, and interpolation is a product with a constant
// matrix, whatever the coordinates, the kernel and the edges are.
func byAxes(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	in, ok := x.Shape.Ints()
	if !ok {
		return nil, fmt.Errorf("input %v of unknown size: %w", x.Shape, op.ErrNoDecomposition)
	}
	var given [4]*tensor.Tensor
	for i := 1; i < 4; i++ {
		v := b.In(i)
		if v == nil {
			continue
		}
		if !v.IsConst() {
			return nil, fmt.Errorf("sizes that are computed: %w", op.ErrNoDecomposition)
		}
		given[i] = v.Const
	}
	s, err := newSampling(b.Node, in, given[1], given[2], given[3])
	if err != nil {
		return nil, err
	}
	direct := s.kind == "nearest" && s.mode != "tf_crop_and_resize"
	if !direct && !x.DType.IsFloat() {
		return nil, fmt.Errorf("interpolation of %v: %w", x.DType, op.ErrNoDecomposition)
	}
	for axis := range in {
		switch {
		case !s.active[axis]:
		case direct:
			x = s.gathered(b, x, axis)
		default:
			if x, err = s.multiplied(b, x, axis); err != nil {
				return nil, err
			}
		}
	}
	if x == b.In(0) {
		x = b.Op("Identity", nil, x)
	}
	return []*ir.Value{x}, nil
}

func (s *sampling) gathered(b *op.Builder, x *ir.Value, axis int) *ir.Value {
	at := make([]int64, s.out[axis])
	for o := range at {
		at[o] = int64(s.nearestIndex(axis, s.origin(axis, o)))
	}
	return b.Op("Gather", ir.Attrs{"axis": int64(axis)}, x, b.Ints(at...))
}

// multiplied moves the axis to the end, multiplies by the matrix of its taps,
// adds the extrapolation value where there are none, and moves it back.
func (s *sampling) multiplied(b *op.Builder, x *ir.Value, axis int) (*ir.Value, error) {
	n, m, rank := s.in[axis], s.out[axis], len(s.in)
	if n*m > maxMatrix {
		return nil, fmt.Errorf("resizing %d to %d: %w", n, m, op.ErrNoDecomposition)
	}
	w, beyond, outside := make([]float64, n*m), make([]float64, m), false
	for o, t := range s.tapsAlong(axis) {
		for k, at := range t.at {
			w[at*m+o] += t.weight[k]
		}
		if len(t.at) == 0 {
			beyond[o], outside = s.extrapolate, true
		}
	}
	matrix, err := tensor.FromFloat64s(x.DType, w, n, m)
	if err != nil {
		return nil, err
	}
	perm := make([]int64, rank)
	for i := range perm {
		perm[i] = int64(i)
	}
	perm[axis], perm[rank-1] = perm[rank-1], perm[axis] // its own inverse
	if axis != rank-1 {
		x = b.Op("Transpose", ir.Attrs{"perm": perm}, x)
	}
	y := b.Op("MatMul", nil, x, b.Const(matrix))
	if outside && s.extrapolate != 0 {
		c, err := tensor.FromFloat64s(x.DType, beyond, m)
		if err != nil {
			return nil, err
		}
		y = b.Op("Add", nil, y, b.Const(c))
	}
	if axis != rank-1 {
		y = b.Op("Transpose", ir.Attrs{"perm": perm}, y)
	}
	return y, nil
}
