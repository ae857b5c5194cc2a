package recurrent

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// kind is an activation function that the operators may name. alpha and beta are
// its default parameters (ONNX, RNN).
type kind struct {
	params      int // how many of alpha and beta it takes
	alpha, beta float64
	f           func(x, alpha, beta float64) float64
	emit        func(s *builder, x *ir.Value, alpha, beta float64) *ir.Value
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func unary(name string) func(*builder, *ir.Value, float64, float64) *ir.Value {
	return func(s *builder, x *ir.Value, _, _ float64) *ir.Value { return s.op(name, nil, x) }
}

// kinds are the functions by their names in small letters, which is how they are
// compared.
var kinds = map[string]*kind{
	"relu":     {f: func(x, _, _ float64) float64 { return max(x, 0) }, emit: unary("Relu")},
	"tanh":     {f: func(x, _, _ float64) float64 { return math.Tanh(x) }, emit: unary("Tanh")},
	"sigmoid":  {f: func(x, _, _ float64) float64 { return sigmoid(x) }, emit: unary("Sigmoid")},
	"softplus": {f: func(x, _, _ float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, emit: unary("Softplus")},
	"softsign": {f: func(x, _, _ float64) float64 { return x / (1 + math.Abs(x)) }, emit: func(s *builder, x *ir.Value, _, _ float64) *ir.Value {
		return s.op("Div", nil, x, s.op("Add", nil, s.op("Abs", nil, x), s.scalar(1)))
	}},
	"affine": {params: 2, alpha: 1, f: func(x, a, b float64) float64 { return a*x + b }, emit: func(s *builder, x *ir.Value, a, b float64) *ir.Value {
		return s.op("Add", nil, s.op("Mul", nil, x, s.scalar(a)), s.scalar(b))
	}},
	"scaledtanh": {params: 2, alpha: 1, beta: 1, f: func(x, a, b float64) float64 { return a * math.Tanh(b*x) }, emit: func(s *builder, x *ir.Value, a, b float64) *ir.Value {
		return s.op("Mul", nil, s.op("Tanh", nil, s.op("Mul", nil, x, s.scalar(b))), s.scalar(a))
	}},
	"hardsigmoid": {params: 2, alpha: 0.2, beta: 0.5, f: func(x, a, b float64) float64 { return min(max(a*x+b, 0), 1) }, emit: func(s *builder, x *ir.Value, a, b float64) *ir.Value {
		return s.op("HardSigmoid", ir.Attrs{"alpha": a, "beta": b}, x)
	}},
	"leakyrelu": {params: 1, alpha: 0.01, f: func(x, a, _ float64) float64 {
		if x < 0 {
			return a * x
		}
		return x
	}, emit: func(s *builder, x *ir.Value, a, _ float64) *ir.Value {
		return s.op("LeakyRelu", ir.Attrs{"alpha": a}, x)
	}},
	"elu": {params: 1, alpha: 1, f: func(x, a, _ float64) float64 {
		if x < 0 {
			return a * math.Expm1(x)
		}
		return x
	}, emit: func(s *builder, x *ir.Value, a, _ float64) *ir.Value {
		return s.op("Elu", ir.Attrs{"alpha": a}, x)
	}},
	"thresholdedrelu": {params: 1, alpha: 1, f: func(x, a, _ float64) float64 {
		if x >= a {
			return x
		}
		return 0
	}, emit: func(s *builder, x *ir.Value, a, _ float64) *ir.Value {
		return s.op("Where", nil, s.op("Less", nil, x, s.scalar(a)), s.constant(tensor.New(x.DType)), x)
	}},
}
