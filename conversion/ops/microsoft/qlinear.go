package microsoft

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/ops/internal/window"
)

// qBinary makes an elementwise operator on two quantized inputs.
func qBinary(name, doc, real string) *op.Def {
	return fused(&op.Def{
		Name: "com.microsoft." + name, FixedType: true,
		Doc:    doc,
		Tol:    oneStep,
		Inputs: binaryParams,
		Decompose: parts(func(b builder) ([]*ir.Value, error) {
			y := b.Op(real, nil, b.dequantize(0, 0), b.dequantize(3, 0))
			return build.One(b.quantize(y, 6, b.In(0).DType))
		}),
	})
}

var binaryParams = []op.Param{
	{Name: "A"},
	{Name: "A_scale"},
	{Name: "A_zero_point", Optional: true},
	{Name: "B"},
	{Name: "B_scale"},
	{Name: "B_zero_point", Optional: true},
	{Name: "C_scale"},
	{Name: "C_zero_point", Optional: true},
}

var qLinearAddDef = qBinary("QLinearAdd", "The sum of quantized inputs, quantized.", "Add")

var qLinearMulDef = qBinary("QLinearMul", "The product of quantized inputs, quantized.", "Mul")

var unaryParams = []op.Param{
	{Name: "X"},
	{Name: "X_scale"},
	{Name: "X_zero_point", Optional: true},
	{Name: "Y_scale"},
	{Name: "Y_zero_point", Optional: true},
}

// qUnary makes an operator on one quantized input.
func qUnary(name, doc string, attrs []op.Attr, f func(b builder, x *ir.Value) (*ir.Value, error)) *op.Def {
	return fused(&op.Def{
		Name: "com.microsoft." + name, FixedType: true,
		Doc:    doc,
		Tol:    oneStep,
		Attrs:  attrs,
		Inputs: unaryParams,
		Decompose: parts(func(b builder) ([]*ir.Value, error) {
			if b.In(0).Rank() < 0 {
				return unsupported("an input of unknown rank")
			}
			y, err := f(b, b.dequantize(0, 0))
			if err != nil {
				return nil, err
			}
			return build.One(b.quantize(y, 3, b.In(0).DType))
		}),
	})
}

var qLinearSigmoidDef = qUnary("QLinearSigmoid", "Sigmoid of a quantized input, quantized.", nil,
	func(b builder, x *ir.Value) (*ir.Value, error) { return b.Op("Sigmoid", nil, x), nil })

var qLinearLeakyReluDef = qUnary("QLinearLeakyRelu", "LeakyRelu of a quantized input, quantized.",
	[]op.Attr{float("alpha", 0.01)},
	func(b builder, x *ir.Value) (*ir.Value, error) {
		return b.Op("LeakyRelu", ir.Attrs{"alpha": b.Float("alpha", 0.01)}, x), nil
	})

var qLinearGlobalAveragePoolDef = qUnary("QLinearGlobalAveragePool", "The mean of each quantized channel, quantized.",
	[]op.Attr{integer("channels_last", 0)},
	func(b builder, x *ir.Value) (*ir.Value, error) {
		return b.channelsFirst(x, func(x *ir.Value) *ir.Value { return b.Op("GlobalAveragePool", nil, x) }), nil
	})

var qLinearAveragePoolDef = qUnary("QLinearAveragePool", "AveragePool of a quantized input, quantized.",
	window.Attrs(integer("ceil_mode", 0), integer("channels_last", 0), integer("count_include_pad", 0)),
	func(b builder, x *ir.Value) (*ir.Value, error) {
		attrs := b.Attrs.Clone()
		delete(attrs, "channels_last")
		return b.channelsFirst(x, func(x *ir.Value) *ir.Value { return b.Op("AveragePool", attrs, x) }), nil
	})

// channelsFirst applies f to x with its channels moved from last to second
// place, and back, where the node says that they are last.
func (b builder) channelsFirst(x *ir.Value, f func(*ir.Value) *ir.Value) *ir.Value {
	rank := int64(x.Rank())
	if b.Int("channels_last", 0) == 0 || rank < 3 {
		return f(x)
	}
	to, back := []int64{0, rank - 1}, []int64{0}
	for i := int64(1); i < rank-1; i++ {
		to, back = append(to, i), append(back, i+1)
	}
	return b.Transpose(f(b.Transpose(x, to...)), append(back, 1)...)
}

var qLinearSoftmaxDef = qUnary("QLinearSoftmax", "Softmax of a quantized input, quantized.",
	[]op.Attr{integer("axis", -1), {Name: "opset", Kind: op.Int, Required: true}},
	func(b builder, x *ir.Value) (*ir.Value, error) {
		rank, axis := int64(x.Rank()), b.Int("axis", -1)
		if axis < 0 {
			axis += rank
		}
		if axis < 0 || axis >= max(rank, 1) {
			_, err := unsupported("axis %d of rank %d", axis, rank)
			return nil, err
		}
		if b.Int("opset", 13) >= 13 || axis == rank-1 {
			return b.Op("Softmax", ir.Attrs{"axis": axis}, x), nil
		}
		y := b.Op("Softmax", ir.Attrs{"axis": int64(1)}, b.Op("Flatten", ir.Attrs{"axis": axis}, x))
		return b.ReshapeDims(y, x.Shape, x), nil
	})

var qLinearConcatDef = fused(&op.Def{
	Name: "com.microsoft.QLinearConcat", FixedType: true,
	Doc:    "Joins quantized inputs, each with its scale and zero point, along an axis, on one scale.",
	Tol:    oneStep,
	Inputs: []op.Param{{Name: "Y_scale"}, {Name: "Y_zero_point"}, {Name: "inputs", Variadic: true}},
	Attrs:  []op.Attr{{Name: "axis", Kind: op.Int, Required: true}},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		if n := len(b.Inputs) - 2; n < 3 || n%3 != 0 {
			return unsupported("%d inputs, which are not triples", n)
		}
		var x []*ir.Value
		for i := 2; i < len(b.Inputs); i += 3 {
			if b.In(i) == nil || b.In(i+1) == nil {
				return unsupported("input %d is missing", i)
			}
			x = append(x, b.dequantize(i, 0))
		}
		return build.One(b.quantize(b.Op("Concat", ir.Attrs{"axis": b.Int("axis", 0)}, x...), 0, b.In(1).DType))
	}),
})
