package arith

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var asinhDef = func() *op.Def {
	d := floatUnary("Asinh", "Takes the number whose hyperbolic sine each element is.", math.Asinh)
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		// sign(x)·ln(|x|+√(x²+1)), divided by m = max(|x|,1) inside the logarithm so
		// that nothing overflows: ln m + ln(|x|/m + √((|x|/m)² + 1/m²)).
		x := b.In(0)
		one := b.Scalar(x.DType, 1)
		size := b.Op("Abs", nil, x)
		m := b.Op("Max", nil, size, one)
		p, q := b.Op("Div", nil, size, m), b.Op("Div", nil, one, m)
		root := b.Op("Sqrt", nil, b.Op("Add", nil, b.Op("Mul", nil, p, p), b.Op("Mul", nil, q, q)))
		sum := b.Op("Add", nil, b.Op("Log", nil, m), b.Op("Log", nil, b.Op("Add", nil, p, root)))
		return []*ir.Value{b.Op("Mul", nil, b.Op("Sign", nil, x), sum)}, nil
	}
	return d
}()
