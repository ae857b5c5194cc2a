package conv

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

// mostPictures is how many pictures a batch may have that is convolved one by one.
const mostPictures = 32

// decomposeConv takes a step towards a convolution of pictures by constant weights
// and a constant bias: a computed bias is added behind it, a volume is the sum of the
// convolutions of its slices, computed weights have zeros for their dilation, and a
// batch is convolved by them a picture at a time.
func decomposeConv(bb *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: bb}
	x, w, bias := b.In(0), b.In(1), b.In(2)
	rank := x.Rank()
	if rank < 3 || rank != w.Rank() {
		return nil, op.ErrNoDecomposition
	}
	if bias != nil && !bias.IsConst() {
		axes := make([]int64, rank-2)
		for i := range axes {
			axes[i] = int64(i + 1)
		}
		return []*ir.Value{b.Add(b.Op("Conv", b.Attrs.Clone(), x, w), b.Unsqueeze(bias, axes...))}, nil
	}
	if rank == 5 && (b.Int("group", 1) > 1 || !w.IsConst()) {
		return slices3(b)
	}
	if d := b.Node.Ints("dilations"); !w.IsConst() && slices.ContainsFunc(d, func(d int64) bool { return d != 1 }) {
		if !w.Shape.IsStatic() {
			return nil, op.ErrNoDecomposition
		}
		for i, d := range d {
			if w = spread(b, w, 2+i, d); d != 1 {
				size, _ := w.Shape[2+i].Int()
				w = b.Slice(w, int64(2+i), 0, size-d+1)
			}
		}
		attrs := b.Attrs.Clone()
		delete(attrs, "dilations")
		delete(attrs, "kernel_shape")
		return []*ir.Value{b.Op("Conv", attrs, x, w, bias)}, nil
	}
	if n, ok := x.Shape[0].Int(); ok && n > 1 && n <= mostPictures && !w.IsConst() {
		parts := make([]*ir.Value, n)
		for i := range n {
			parts[i] = b.Op("Conv", b.Attrs.Clone(), b.Slice(x, 0, i, i+1), w, bias)
		}
		return []*ir.Value{b.Concat(0, parts...)}, nil
	}
	return nil, op.ErrNoDecomposition
}

// slices3 convolves each slice of a volume with each slice of the kernel, and sums
// what falls on the same slice of the result.
func slices3(b build.B) ([]*ir.Value, error) {
	x, w, y := b.In(0), b.In(1), b.Out(0)
	k, ok := w.Shape.Ints()
	if !ok {
		return nil, fmt.Errorf("weights of unknown shape: %w", op.ErrNoDecomposition)
	}
	spec, err := window.Read(b.Node, 3, []int64{int64(k[2]), int64(k[3]), int64(k[4])})
	if err != nil {
		return nil, err
	}
	out, ok := y.Shape[2].Int()
	if !ok || spec.Auto != "" {
		return nil, fmt.Errorf("a volume of unknown depth: %w", op.ErrNoDecomposition)
	}
	depth, one := int64(1), x.Shape[0].Is(1) // the axis of slices; whether they are one volume's
	x = b.Transpose(x, 0, 2, 1, 3, 4)
	if spec.Begin[0] > 0 || spec.End[0] > 0 {
		x = b.Op("Pad", nil, x, b.Ints(0, spec.Begin[0], 0, 0, 0, 0, spec.End[0], 0, 0, 0))
	}
	if one { // the slices are a batch of pictures from here on
		x, depth = b.Squeeze(x, 0), 0
	}
	attrs := ir.Attrs{
		"group": b.Int("group", 1), "strides": spec.Stride[1:], "dilations": spec.Dilation[1:],
		"pads": []int64{spec.Begin[1], spec.Begin[2], spec.End[1], spec.End[2]},
	}
	var sum *ir.Value
	for d := range spec.Kernel[0] {
		from := d * spec.Dilation[0]
		pictures := b.Op("Slice", nil, x, b.Ints(from), b.Ints(from+(out-1)*spec.Stride[0]+1), b.Ints(depth), b.Ints(spec.Stride[0]))
		if !one {
			pictures = b.ReshapeDims(pictures, ir.Shape{x.Shape[0].Mul(ir.Static(out)), x.Shape[2], x.Shape[3], x.Shape[4]}, x)
		}
		kernel, err := kernelSlice(b, w, int(d))
		if err != nil {
			return nil, err
		}
		in := []*ir.Value{pictures, kernel}
		if bias := b.In(2); bias != nil && d == 0 {
			in = append(in, bias)
		}
		if p := b.Op("Conv", attrs.Clone(), in...); sum == nil {
			sum = p
		} else {
			sum = b.Add(sum, p)
		}
	}
	sum = b.ReshapeDims(sum, ir.Shape{y.Shape[0], y.Shape[2], y.Shape[1], y.Shape[3], y.Shape[4]}, b.In(0), sum)
	return []*ir.Value{b.Transpose(sum, 0, 2, 1, 3, 4)}, nil
}

// kernelSlice is w[:,:,d].
func kernelSlice(b build.B, w *ir.Value, d int) (*ir.Value, error) {
	if !w.IsConst() {
		return b.Squeeze(b.Slice(w, 2, int64(d), int64(d)+1), 2), nil
	}
	s := w.Const.Shape()
	size := s[3] * s[4] * w.DType.Bits() / 8
	if w.DType.Bits()%8 != 0 {
		return nil, fmt.Errorf("weights of %v: %w", w.DType, op.ErrNoDecomposition)
	}
	t := tensor.New(w.DType, s[0], s[1], s[3], s[4])
	src, dst := w.Const.Bytes(), t.Bytes()
	for i := range s[0] * s[1] {
		copy(dst[i*size:(i+1)*size], src[(i*s[2]+d)*size:])
	}
	return b.Const(t), nil
}
