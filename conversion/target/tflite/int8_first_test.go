package tflite

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestInt8ConstantFirst has products whose first factor is constant, in floats and in
// integers: XNNPACK refuses a file that mixes both in one operator.
func TestInt8ConstantFirst(t *testing.T) {
	testkit.Python(t)
	for name, integers := range map[string]bool{"floats": false, "integers": true} {
		b := newBuild(t, name)
		pair := func(v *ir.Value, scale float32, zero int8) *ir.Value {
			s, z := b.g.AddConst("s", tensor.Scalar(scale)), b.g.AddConst("z", tensor.Scalar(zero))
			return b.op("DequantizeLinear", nil, b.op("QuantizeLinear", nil, v, s, z), s, z)
		}
		first := b.w(2, 3, 4)
		if integers {
			q := tensor.New(tensor.Int8, 2, 3, 4)
			for i := range tensor.View[int8](q) {
				tensor.View[int8](q)[i] = int8(i*37%255 - 127)
			}
			scales := b.g.AddConst("scales", tensor.Of([]float32{0.01, 0.02, 0.005}, 3))
			first = b.op("DequantizeLinear", ir.Attrs{"axis": int64(1)}, b.g.AddConst("q", q), scales)
		}
		const step = 0.05
		b.g.Outputs = one(pair(b.op("MatMul", nil, first, pair(b.in("x", 2, 4, 5), 0.02, 3)), step, -4))
		x := tensor.New(tensor.Float32, 2, 4, 5)
		for i := range 40 {
			tensor.View[float32](x)[i] = 0.02 * float32(i*53%200-100)
		}
		b.holds(x, step)
	}
}
