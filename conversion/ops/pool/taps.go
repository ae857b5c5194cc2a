package pool

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

// maxTaps bounds the slices that a pool is taken apart into.
const maxTaps = 128

// taken are the sizes of a pool whose windows are taken apart.
type taken struct {
	in, out []int
	spec    window.Spec
}

// apart reads the geometry of a pool over known sizes.
func apart(b *op.Builder) (*taken, error) {
	s := b.In(0).Shape
	if len(s) < 3 {
		return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
	}
	dims, ok := s[2:].Ints()
	if !ok {
		return nil, fmt.Errorf("windows over unknown sizes %v: %w", s[2:], op.ErrNoDecomposition)
	}
	spec, err := window.Read(b.Node, len(dims), nil)
	if err != nil {
		return nil, err
	}
	out, err := spec.Resolve(dims)
	if err != nil {
		return nil, err
	}
	t := &taken{in: dims, out: out, spec: spec}
	n := int64(0)
	for _, k := range spec.Kernel {
		n += k
	}
	if n > maxTaps {
		return nil, fmt.Errorf("a window of %v: %w", spec.Kernel, op.ErrNoDecomposition)
	}
	return t, nil
}

// along joins, axis by axis, the slices of x that the kernel's offsets see. x is
// padded with fill as far as the windows reach.
func (t *taken) along(b *op.Builder, x *ir.Value, fill float64, join string) (*ir.Value, error) {
	rank := len(t.in) + 2
	pads, padded := make([]int64, 2*rank), false
	for i, in := range t.in {
		begin := t.spec.Begin[i]
		end := int64(t.out[i]-1)*t.spec.Stride[i] + (t.spec.Kernel[i]-1)*t.spec.Dilation[i] + 1 - begin - int64(in)
		pads[2+i], pads[rank+2+i] = begin, max(end, 0)
		padded = padded || begin != 0 || end > 0
	}
	if padded {
		c, err := tensor.FromFloat64s(x.DType, []float64{fill})
		if err != nil {
			return nil, err
		}
		x = b.Op("Pad", nil, x, b.Ints(pads...), b.Const(c))
	}
	for i := range t.in {
		k, stride, dilation := t.spec.Kernel[i], t.spec.Stride[i], t.spec.Dilation[i]
		var y *ir.Value
		for o := range k {
			from := o * dilation
			to := from + int64(t.out[i]-1)*stride + 1
			part := b.Op("Slice", nil, x, b.Ints(from), b.Ints(to), b.Ints(int64(2+i)), b.Ints(stride))
			if y == nil {
				y = part
			} else {
				y = b.Op(join, nil, y, part)
			}
		}
		x = y
	}
	return x, nil
}

// maxOfSlices takes the maximum over slices of the padded input, an axis after
// the other.
func maxOfSlices(b *op.Builder) ([]*ir.Value, error) {
	if b.Patch.Needed(b.Out(1)) && b.Int("storage_order", 0) == 1 {
		return numberedByRow(b)
	}
	if b.Patch.Needed(b.Out(1)) {
		return nil, fmt.Errorf("the indices are read: %w", op.ErrNoDecomposition)
	}
	t, err := apart(b)
	if err != nil {
		return nil, err
	}
	least := math.Inf(-1)
	switch b.In(0).DType {
	case tensor.Int8:
		least = math.MinInt8
	case tensor.Uint8:
		least = 0
	}
	y, err := t.along(b, b.In(0), least, "Max")
	return []*ir.Value{y}, err
}

// numberedByRow counts elements in rows and turns that into columns: the last two
// axes swap roles.
func numberedByRow(b *op.Builder) ([]*ir.Value, error) {
	s := b.In(0).Shape
	if len(s) < 4 {
		return nil, fmt.Errorf("columns of %v: %w", s, op.ErrNoDecomposition)
	}
	rows, ok := s[len(s)-2].Int()
	cols, known := s[len(s)-1].Int()
	if !ok || !known || rows*cols == 0 {
		return nil, fmt.Errorf("columns of unknown size %v: %w", s, op.ErrNoDecomposition)
	}
	attrs := b.Attrs.Clone()
	delete(attrs, "storage_order")
	n := b.Patch.AddN("MaxPool", attrs, b.Inputs, 2, b.Node)
	number := func(v int64) *ir.Value { return b.Const(tensor.Scalar(v)) }
	at := n.Outputs[1]
	r := b.Op("Mod", nil, at, number(rows*cols))
	column := b.Op("Mul", nil, b.Op("Mod", nil, r, number(cols)), number(rows))
	turned := b.Op("Add", nil, column, b.Op("Div", nil, r, number(cols)))
	return []*ir.Value{n.Outputs[0], b.Op("Add", nil, b.Op("Sub", nil, at, r), turned)}, nil
}

// meanOfSlices takes the sum in the same way and divides it by how many elements
// each window has, which is a constant.
func meanOfSlices(b *op.Builder) ([]*ir.Value, error) {
	t, err := apart(b)
	if err != nil {
		return nil, err
	}
	sum, err := t.along(b, b.In(0), 0, "Add")
	if err != nil {
		return nil, err
	}
	x := b.In(0)
	g, err := newGrid(b.Node, append([]int{1, 1}, t.in...))
	if err != nil {
		return nil, err
	}
	counts := make([]float64, g.outSize)
	padded := b.Int("count_include_pad", 0) != 0
	g.each(func(i int, w *view) { counts[i] = float64(max(w.count(padded), 1)) })
	c, err := tensor.FromFloat64s(x.DType, counts, append([]int{1, 1}, t.out...)...)
	if err != nil {
		return nil, err
	}
	return []*ir.Value{b.Op("Div", nil, sum, b.Const(c))}, nil
}

// rootOfSlices is the Lp norm of the windows: |x|^p, the sum, the root.
func rootOfSlices(b *op.Builder) ([]*ir.Value, error) {
	t, err := apart(b)
	if err != nil {
		return nil, err
	}
	x, p := b.In(0), b.Int("p", 2)
	power := b.Op("Abs", nil, x)
	switch p {
	case 1:
	case 2:
		power = b.Op("Mul", nil, x, x)
	default:
		power = b.Op("Pow", nil, power, b.Scalar(x.DType, float64(p)))
	}
	y, err := t.along(b, power, 0, "Add")
	switch {
	case err != nil:
		return nil, err
	case p == 2:
		y = b.Op("Sqrt", nil, y)
	case p > 2:
		y = b.Op("Pow", nil, y, b.Scalar(x.DType, 1/float64(p)))
	}
	return []*ir.Value{y}, nil
}
