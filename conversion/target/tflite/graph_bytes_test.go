package tflite

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

func init() { graphCases = append(graphCases, byteCases...) }

// bytesOf is x, between -1 and 1, as whole numbers of 8 bits.
func (b *build) bytesOf(x *ir.Value, d tensor.DType) *ir.Value {
	x = b.op("Mul", nil, x, b.scalar(100))
	if d == tensor.Uint8 {
		x = b.op("Add", nil, x, b.scalar(128))
	}
	return b.op("Cast", ir.Attrs{"to": op.ONNXType(d)}, x)
}

func (b *build) floatOf(x *ir.Value) *ir.Value {
	return b.op("Cast", ir.Attrs{"to": op.ONNXType(tensor.Float32)}, x)
}

// byteCases read the same 8-bit numbers with and without a scale, one of them
// through a view that moves nothing and shares the tensor.
var byteCases = []graphCase{
	{"int8 read plain, its view by a scale", 0, func(b *build) []*ir.Value { return readTwice(b, tensor.Int8, "Reshape") }},
	{"uint8 read plain, its view by a scale", 0, func(b *build) []*ir.Value { return readTwice(b, tensor.Uint8, "Reshape") }},
	{"int8 read plain, its copy by a scale", 0, func(b *build) []*ir.Value { return readTwice(b, tensor.Int8, "Identity") }},
	{"uint8 read plain, its copy by a scale", 0, func(b *build) []*ir.Value { return readTwice(b, tensor.Uint8, "Identity") }},
	{"int8 by a scale, then its view plain", 0, func(b *build) []*ir.Value { return readAfter(b, tensor.Int8) }},
	{"uint8 by a scale, then its view plain", 0, func(b *build) []*ir.Value { return readAfter(b, tensor.Uint8) }},
}

func view(b *build, x *ir.Value, kind string) *ir.Value {
	if kind == "Reshape" {
		return b.op(kind, nil, x, b.ints(2, 3))
	}
	return b.op(kind, nil, x)
}

func readTwice(b *build, d tensor.DType, kind string) []*ir.Value {
	x, y := b.bytesOf(b.in("x", 2, 3), d), b.bytesOf(b.in("y", 2, 3), d)
	joined := b.op("Concat", ir.Attrs{"axis": int64(0)}, x, y)
	return []*ir.Value{b.floatOf(joined), b.op("DequantizeLinear", nil, view(b, x, kind), b.scalar(0.5))}
}

func readAfter(b *build, d tensor.DType) []*ir.Value {
	x, y := b.bytesOf(b.in("x", 2, 3), d), b.bytesOf(b.in("y", 2, 3), d)
	v := view(b, x, "Reshape")
	real := b.op("DequantizeLinear", nil, v, b.scalar(0.5))
	return []*ir.Value{real, b.floatOf(b.op("Concat", ir.Attrs{"axis": int64(0)}, x, y))}
}
