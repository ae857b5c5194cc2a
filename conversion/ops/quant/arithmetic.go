package quant

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// cast is v in another type, v itself where it has that.
func cast(b *op.Builder, v *ir.Value, d tensor.DType) *ir.Value {
	if v.DType == d {
		return v
	}
	return b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, v)
}

// spreadOver gives a scale or zero point the shape in which it broadcasts to x:
// along an axis, or repeated in blocks along it.
func spreadOver(b *op.Builder, v, x *ir.Value) (*ir.Value, error) {
	if v.Rank() == 0 {
		return v, nil
	}
	n, fixed := v.Shape.NumElements()
	if fixed && n.Is(1) && x.Rank() > 0 {
		return b.Op("Reshape", nil, v, b.Ints()), nil
	}
	axis := int(b.Int("axis", 1))
	if axis < 0 {
		axis += x.Rank()
	}
	if x.Rank() < 1 || axis < 0 || axis >= x.Rank() {
		return nil, fmt.Errorf("axis %d of %v: %w", b.Int("axis", 1), x.Shape, op.ErrNoDecomposition)
	}
	if size := b.Int("block_size", 0); size > 0 {
		n, ok := x.Shape[axis].Int()
		if !ok {
			return nil, fmt.Errorf("blocks of an axis of unknown size: %w", op.ErrNoDecomposition)
		}
		at := make([]int64, n)
		for i := range at {
			at[i] = int64(i) / size
		}
		return b.Op("Gather", ir.Attrs{"axis": int64(axis)}, v, b.Ints(at...)), nil
	}
	if v.Rank() != 1 {
		return nil, fmt.Errorf("a scale of shape %v: %w", v.Shape, op.ErrNoDecomposition)
	}
	shape := make([]int64, x.Rank())
	for i := range shape {
		shape[i] = 1
	}
	shape[axis] = -1
	return b.Op("Reshape", nil, v, b.Ints(shape...)), nil
}

// quantizeByArithmetic divides, rounds, adds the zero point and cuts, in f32.
func quantizeByArithmetic(b *op.Builder) ([]*ir.Value, error) {
	x, out := b.In(0), b.Out(0).DType
	lo, hi, ok := limits(out)
	narrow, err := divisionType(b.Node, x.DType, b.In(1).DType)
	if err != nil {
		return nil, err
	}
	if !ok && !isFloat8(out) || narrow != tensor.Float32 && x.DType != tensor.Float64 {
		return nil, fmt.Errorf("%v to %v, divided in %v: %w", x.DType, out, narrow, op.ErrNoDecomposition)
	}
	scale, err := spreadOver(b, b.In(1), x)
	if err != nil {
		return nil, err
	}
	quotient := b.Op("Div", nil, cast(b, x, tensor.Float32), cast(b, scale, tensor.Float32))
	if !ok { // a float, whose zero point is zero
		return []*ir.Value{b.Op("Cast", ir.Attrs{"to": op.ONNXType(out), "saturate": b.Int("saturate", 1)}, quotient)}, nil
	}
	y := b.Op("Round", nil, quotient)
	if z := b.In(2); z != nil {
		if z, err = spreadOver(b, cast(b, z, tensor.Float32), x); err != nil {
			return nil, err
		}
		y = b.Op("Add", nil, y, z)
	}
	y = b.Op("Clip", nil, y, b.Scalar(tensor.Float32, float64(lo)), b.Scalar(tensor.Float32, float64(hi)))
	return []*ir.Value{cast(b, y, out)}, nil
}

// dequantizeByArithmetic subtracts the zero point and multiplies, in f32.
func dequantizeByArithmetic(b *op.Builder) ([]*ir.Value, error) {
	x, out := b.In(0), b.Out(0).DType
	if _, _, ok := limits(x.DType); !ok && x.DType != tensor.Int32 && !isFloat8(x.DType) {
		return nil, fmt.Errorf("numbers of type %v: %w", x.DType, op.ErrNoDecomposition)
	}
	if y := dequantizeBlocks(b); y != nil {
		return []*ir.Value{cast(b, y, out)}, nil
	}
	scale, err := spreadOver(b, b.In(1), x)
	if err != nil {
		return nil, err
	}
	if x.IsConst() && x.DType.Bits() < 8 && x.DType.IsInt() {
		// Four bits with a scale for each element are a form that OpenVINO's CPU
		// plugin (2026.4) takes for compressed weights and gets wrong.
		wide := tensor.Uint8
		if x.DType.IsSigned() {
			wide = tensor.Int8
		}
		t, err := x.Const.Cast(wide)
		if err != nil {
			return nil, err
		}
		x = b.Const(t)
	}
	y := cast(b, x, tensor.Float32)
	if z := b.In(2); z != nil {
		if z, err = spreadOver(b, cast(b, z, tensor.Float32), x); err != nil {
			return nil, err
		}
		y = b.Op("Sub", nil, y, z)
	}
	return []*ir.Value{cast(b, b.Op("Mul", nil, y, cast(b, scale, tensor.Float32)), out)}, nil
}

// dequantizeBlocks is the arithmetic on x with its axis divided into blocks: the
// form in which runtimes know packed weights. nil: there are no blocks, or they
// do not divide the axis evenly.
func dequantizeBlocks(b *op.Builder) *ir.Value {
	x, scale, zero := b.In(0), b.In(1), b.In(2)
	s, ok := x.Shape.Ints()
	block, axis := int(b.Int("block_size", 0)), int(b.Int("axis", 1))
	if axis < 0 {
		axis += len(s)
	}
	if !ok || block < 1 || axis < 0 || axis >= len(s) || s[axis]%block != 0 || scale.Rank() != len(s) {
		return nil
	}
	split := append(append(append([]int{}, s[:axis]...), s[axis]/block, block), s[axis+1:]...)
	shaped := func(v *ir.Value, to []int) *ir.Value {
		if v.IsConst() {
			if t, err := v.Const.Reshape(to...); err == nil {
				return b.Const(t)
			}
		}
		list := make([]int64, len(to))
		for i, d := range to {
			list[i] = int64(d)
		}
		return b.Op("Reshape", nil, v, b.Ints(list...))
	}
	spread := func(v *ir.Value) *ir.Value {
		return cast(b, b.Op("Unsqueeze", nil, v, b.Ints(int64(axis+1))), tensor.Float32)
	}
	y := cast(b, shaped(x, split), tensor.Float32)
	if zero != nil {
		y = b.Op("Sub", nil, y, spread(zero))
	}
	return shaped(b.Op("Mul", nil, y, spread(scale)), s)
}

// dynamicByArithmetic finds range, scale and zero point, by the function that
// ONNX gives for DynamicQuantizeLinear.
func dynamicByArithmetic(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	zero := b.Scalar(tensor.Float32, 0)
	end := func(reduce, join string) *ir.Value {
		return b.Op(join, nil, b.Op(reduce, ir.Attrs{"keepdims": int64(0)}, x), zero)
	}
	lo, hi := end("ReduceMin", "Min"), end("ReduceMax", "Max")
	span := b.Op("Sub", nil, hi, lo)
	// A range without width counts as 1.
	span = b.Op("Where", nil, b.Op("Equal", nil, span, zero), b.Scalar(tensor.Float32, 1), span)
	scale := b.Op("Div", nil, span, b.Scalar(tensor.Float32, 255))
	point := b.Op("Div", nil, b.Op("Sub", nil, zero, lo), scale)
	point = b.Op("Round", nil, b.Op("Clip", nil, point, zero, b.Scalar(tensor.Float32, 255)))
	whole := cast(b, point, tensor.Uint8)
	return []*ir.Value{b.Op("QuantizeLinear", nil, x, scale, whole), scale, whole}, nil
}

// exactSum is the number of products of two 8-bit numbers whose sum 32-bit
// floats hold exactly, in any order.
const exactSum = 1 << 24 / (255 * 255)

// productByFloats multiplies in f32 where every sum is exact in it.
func productByFloats(b *op.Builder) ([]*ir.Value, error) {
	x, w := b.In(0), b.In(1)
	if x.Rank() < 1 || w.Rank() < 1 {
		return nil, fmt.Errorf("factors of unknown rank: %w", op.ErrNoDecomposition)
	}
	k, ok := x.Shape[x.Rank()-1].Int()
	if !ok || k > exactSum {
		return nil, fmt.Errorf("sums of %v products: %w", x.Shape[x.Rank()-1], op.ErrNoDecomposition)
	}
	minus := func(v, z *ir.Value, column bool) (*ir.Value, error) {
		v = cast(b, v, tensor.Float32)
		if z == nil {
			return v, nil
		}
		if n, fixed := z.Shape.NumElements(); z.Rank() == 1 && column && !(fixed && n.Is(1)) {
			z = b.Op("Unsqueeze", nil, z, b.Ints(1)) // one for each row
		} else if z.Rank() > 1 {
			return nil, fmt.Errorf("a zero point of shape %v: %w", z.Shape, op.ErrNoDecomposition)
		}
		return b.Op("Sub", nil, v, cast(b, z, tensor.Float32)), nil
	}
	x, err := minus(x, b.In(2), true)
	if err != nil {
		return nil, err
	}
	if w, err = minus(w, b.In(3), false); err != nil {
		return nil, err
	}
	return []*ir.Value{cast(b, b.Op("MatMul", nil, x, w), tensor.Int32)}, nil
}

// convByFloats convolves in f32 where every sum is exact in it.
func convByFloats(b *op.Builder) ([]*ir.Value, error) {
	x, w := b.In(0), b.In(1)
	n := int64(1)
	for _, d := range w.Shape[min(1, len(w.Shape)):] {
		k, ok := d.Int()
		if !ok {
			n = exactSum + 1
		}
		n *= k
	}
	if w.Rank() < 3 || n > exactSum {
		return nil, fmt.Errorf("sums over weights %v: %w", w.Shape, op.ErrNoDecomposition)
	}
	// x has one zero point, the weights one or one for each output channel.
	minus := func(v, z *ir.Value, each ...int64) *ir.Value {
		v = cast(b, v, tensor.Float32)
		if z == nil {
			return v
		}
		if n, fixed := z.Shape.NumElements(); fixed && n.Is(1) {
			each = nil
		}
		return b.Op("Sub", nil, v, cast(b, b.Op("Reshape", nil, z, b.Ints(each...)), tensor.Float32))
	}
	each := []int64{-1}
	for range w.Rank() - 1 {
		each = append(each, 1)
	}
	x, w = minus(x, b.In(2)), minus(w, b.In(3), each...)
	return []*ir.Value{cast(b, b.Op("Conv", b.Attrs.Clone(), x, w), tensor.Int32)}, nil
}
