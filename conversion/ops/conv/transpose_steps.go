package conv

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

// decomposeTranspose is a convolution by the mirrored kernel of the input with zeros
// between its elements.
func decomposeTranspose(bb *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: bb}
	x, w := b.In(0), b.In(1)
	ws, ok := w.Shape.Ints()
	if !ok || len(ws) < 3 || len(ws) != x.Rank() {
		return nil, fmt.Errorf("weights of unknown shape: %w", op.ErrNoDecomposition)
	}
	in, ok := x.Shape[1:].Ints()
	if !ok {
		return nil, fmt.Errorf("sizes that are not known: %w", op.ErrNoDecomposition)
	}
	t, err := readTranspose(b.Node, len(ws)-2, len(ws), ws[2:])
	if err != nil {
		return nil, err
	}
	axes := len(ws) - 2
	pads, cut := make([]int64, 2*axes), make([]int64, 2*axes)
	for i := range axes {
		out, ok := b.Out(0).Shape[2+i].Int()
		if !ok {
			return nil, fmt.Errorf("a result of unknown size: %w", op.ErrNoDecomposition)
		}
		size := int64(in[1+i])
		begin, _ := t.pads(i, size, out)
		reach := t.Extent(i) - 1
		x = spread(b, x, 2+i, t.Stride[i])
		have := size * t.Stride[i] // with the zeros behind the last element
		pads[i] = reach - begin
		pads[axes+i] = out + reach - have - pads[i]
		for _, k := range []int{i, axes + i} {
			if pads[k] < 0 {
				pads[k], cut[k] = 0, -pads[k]
			}
		}
		if cut[i] > 0 || cut[axes+i] > 0 {
			if cut[i]+cut[axes+i] >= have {
				return nil, fmt.Errorf("padding beyond the result: %w", op.ErrNoDecomposition)
			}
			x = b.Slice(x, int64(2+i), cut[i], have-cut[axes+i])
		}
	}
	kernel, err := mirrored(b, w, ws)
	if err != nil {
		return nil, err
	}
	attrs := ir.Attrs{"group": b.Int("group", 1), "pads": pads, "dilations": t.Dilation}
	return []*ir.Value{b.Op("Conv", attrs, x, kernel, b.In(2))}, nil
}

// spread puts step-1 zeros behind each element of x along an axis; all axes but the
// first are known.
func spread(b build.B, x *ir.Value, axis int, step int64) *ir.Value {
	if step == 1 {
		return x
	}
	sizes, _ := x.Shape[1:].Ints()
	behind := int64(1)
	for _, n := range sizes[axis:] {
		behind *= int64(n)
	}
	full := append(ir.Shape{x.Shape[0]}, ir.Dims(sizes...)...)
	full[axis] = full[axis].Mul(ir.Static(step))
	rows := b.Op("Reshape", nil, x, b.Ints(-1, 1, behind))
	return b.ReshapeDims(b.Op("Pad", nil, rows, b.Ints(0, 0, 0, 0, step-1, 0)), full, x)
}

// mirrored are weights [C, M/group, kernel…] of shape s as the convolution takes them:
// [M, C/group, kernel…], the kernel back to front.
func mirrored(b build.B, w *ir.Value, s []int) (*ir.Value, error) {
	group, kernel := int(b.Int("group", 1)), 1
	for _, k := range s[2:] {
		kernel *= k
	}
	c, m := s[0]/group, s[1]
	shape := append([]int{m * group, c}, s[2:]...)
	if w.IsConst() {
		if w.DType.Bits()%8 != 0 {
			return nil, fmt.Errorf("weights of %v: %w", w.DType, op.ErrNoDecomposition)
		}
		size := w.DType.Bits() / 8
		t := tensor.New(w.DType, shape...)
		src, dst := w.Const.Bytes(), t.Bytes()
		for at := range group * c * m * kernel {
			k, ci, mi, g := at%kernel, at/kernel%c, at/kernel/c%m, at/kernel/c/m
			from := ((g*c+ci)*m+mi)*kernel + kernel - 1 - k
			copy(dst[at*size:(at+1)*size], src[from*size:])
		}
		return b.Const(t), nil
	}
	back := make([]int64, kernel) // a kernel back to front is so along all its axes at once
	for k := range back {
		back[k] = int64(kernel - 1 - k)
	}
	to := make([]int64, len(shape))
	for i, n := range shape {
		to[i] = int64(n)
	}
	v := b.Op("Gather", ir.Attrs{"axis": int64(3)}, b.Reshape(w, int64(group), int64(c), int64(m), int64(kernel)), b.Ints(back...))
	return b.Reshape(b.Transpose(v, 0, 2, 1, 3), to...), nil
}
