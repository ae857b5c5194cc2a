package tflite

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestInt8FarScales adds a mask of nearly the lowest number, which another tool
// quantized: in integers the runtime ends its process over that.
func TestInt8FarScales(t *testing.T) {
	testkit.Python(t)
	b := newBuild(t, "far")
	pair := func(v *ir.Value, scale float32, zero int8) *ir.Value {
		s, z := b.g.AddConst("s", tensor.Scalar(scale)), b.g.AddConst("z", tensor.Scalar(zero))
		return b.op("DequantizeLinear", nil, b.op("QuantizeLinear", nil, v, s, z), s, z)
	}
	const far, step = 3e38 / 255, 1. / 256
	mask := tensor.New(tensor.Float32, 1, 1, 8)
	for i := range 3 {
		tensor.View[float32](mask)[5+i] = -3e38
	}
	scores := b.op("Add", nil, pair(b.in("x", 1, 4, 8), 0.05, 3), pair(b.g.AddConst("mask", mask), far, 127))
	b.g.Outputs = one(pair(b.op("Softmax", ir.Attrs{"axis": int64(-1)}, pair(scores, far, 127)), step, -128))
	x := tensor.New(tensor.Float32, 1, 4, 8)
	for i := range 32 {
		tensor.View[float32](x)[i] = 0.05 * float32(i*53%200-100)
	}
	b.holds(x, step)
}
