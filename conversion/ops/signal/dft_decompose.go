package signal

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// maxMatrix bounds the elements of the constant that a transform becomes: what is
// longer has no business in a file of weights.
const maxMatrix = 1 << 23

// matrix is the transform as a matrix: row n*parts+a, column k*outParts+b is what
// part a of sample n of size contributes to part b of result k of out.
func (p plan) matrix(d tensor.DType, n, size, out int) (*tensor.Tensor, error) {
	rows, cols := size*p.parts, out*p.outParts()
	if rows*cols > maxMatrix {
		return nil, fmt.Errorf("a matrix of %d×%d is too large: %w", rows, cols, op.ErrNoDecomposition)
	}
	m := make([]float64, rows*cols)
	for r := range rows {
		unit := make([]float64, rows)
		unit[r] = 1
		copy(m[r*cols:], p.compute(unit, []int{1, size, p.parts}, n, out))
	}
	return tensor.FromFloat64s(d, m, rows, cols)
}

// decomposeDFT multiplies by the transform's matrix.
func decomposeDFT(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	s := x.Shape
	no := func(why string) ([]*ir.Value, error) {
		return nil, fmt.Errorf("DFT %s: %w", why, op.ErrNoDecomposition)
	}
	if len(s) < 2 {
		return no("of unknown rank")
	}
	axis := int64(-2)
	if b.In(2) != nil {
		var ok bool
		if axis, ok = constant(b.Node, 2); !ok {
			return no("along an axis that is not constant")
		}
	}
	parts, ok := s[len(s)-1].Int()
	if !ok {
		return no("of an unknown number of parts")
	}
	p, err := newPlan(b.Node, axis, len(s), int(parts))
	if err != nil {
		return nil, err
	}
	size, ok := s[p.axis].Int()
	if !ok || size <= 0 {
		return no("along an axis of unknown size")
	}
	var length *ir.Dim
	if b.In(1) != nil {
		n, ok := constant(b.Node, 1)
		if !ok {
			return no("of a length that is not constant")
		}
		d := ir.Static(n)
		length = &d
	}
	n, out, err := p.static(int(size), length)
	if err != nil {
		return nil, err
	}
	line := p
	line.axis = 1
	m, err := line.matrix(x.DType, n, int(size), out)
	if err != nil {
		return nil, err
	}
	last := len(s) - 2 // where the axis must stand
	x = swapped(b, x, p.axis, last)
	lead := make([]int64, last) // zeros: as they are
	x = b.Op("Reshape", nil, x, b.Ints(append(lead[:last:last], int64(m.Shape()[0]))...))
	x = b.Op("MatMul", nil, x, b.Const(m))
	x = b.Op("Reshape", nil, x, b.Ints(append(lead[:last:last], int64(out), int64(p.outParts()))...))
	return []*ir.Value{swapped(b, x, p.axis, last)}, nil
}

// swapped exchanges two axes of x, which has last+2 axes.
func swapped(b *op.Builder, x *ir.Value, axis, last int) *ir.Value {
	if axis == last {
		return x
	}
	perm := make([]int64, last+2)
	for i := range perm {
		perm[i] = int64(i)
	}
	perm[axis], perm[last] = perm[last], perm[axis]
	return b.Op("Transpose", ir.Attrs{"perm": perm}, x)
}
