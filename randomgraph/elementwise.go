package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var elementwise = map[string]generator{
	"Abs": unary(numbers), "Neg": unary(numbers), "Sign": unary(numbers),
	"Ceil": unary(floats), "Floor": unary(floats), "Round": unary(floats), "Reciprocal": unary(floats),
	"Exp": unary(floats), "Log": unary(floats), "Sqrt": unary(floats), "Sin": unary(floats), "Cos": unary(floats), "Tan": unary(f32),
	"Sinh": unary(floats), "Cosh": unary(floats), "Asin": unary(floats), "Acos": unary(floats), "Atan": unary(floats),
	"Asinh": unary(floats), "Acosh": unary(floats), "Atanh": unary(floats),
	"Relu": unary(floats), "Sigmoid": unary(floats), "Tanh": unary(floats), "Softplus": unary(floats), "Softsign": unary(floats),
	"Mish": unary(f32), "HardSwish": unary(f32), "Erf": unary(f32), "IsNaN": unary(floats), "Not": unary(bools),
	"IsInf":           withAttrs(f32, flags("detect_negative", "detect_positive")),
	"Elu":             withAttrs(f32, reals("alpha")),
	"Celu":            withAttrs(f32, nonZero("alpha")),
	"Selu":            withAttrs(f32, reals("alpha", "gamma")),
	"LeakyRelu":       withAttrs(f32, reals("alpha")),
	"ThresholdedRelu": withAttrs(f32, reals("alpha")),
	"HardSigmoid":     withAttrs(f32, reals("alpha", "beta")),
	"Shrink":          withAttrs(f32, reals("bias", "lambd")),
	"Swish":           withAttrs(f32, reals("alpha")),
	"Gelu":            withAttrs(f32, choice("approximate", "none", "tanh")),
	"SwiGLU": func(d *drawer) *draft {
		x := d.any(f32, 0, 5)
		s := d.value(x).Shape()
		same := func(t *tensor.Tensor) bool { return slices.Equal(t.Shape(), s) }
		return &draft{in: []*ir.Value{x, d.pick(f32, same, func() []int { return s })}, attrs: reals("alpha")(d)}
	},
	"PRelu": func(d *drawer) *draft {
		x := d.any(f32, 0, 5)
		return &draft{in: []*ir.Value{x, d.slope(x)}}
	},
	"Clip": clip,

	"Add": binary(numbers), "Sub": binary(numbers), "Mul": binary(numbers),
	"Div": divide, "Mod": modulo, "Pow": power,
	"Equal": binary(movable), "Greater": binary(numbers), "Less": binary(numbers),
	"GreaterOrEqual": binary(numbers), "LessOrEqual": binary(numbers),
	"And": binary(bools), "Or": binary(bools), "Xor": binary(bools),
	"BitwiseAnd": binary(integers), "BitwiseOr": binary(integers), "BitwiseXor": binary(integers), "BitwiseNot": unary(integers),
	"BitShift": shift,
	"Max":      variadic(numbers), "Min": variadic(numbers), "Sum": variadic(floats), "Mean": variadic(floats),
	"Where": where,
	"Cast":  cast,
	"CastLike": func(d *drawer) *draft {
		x := d.any(movable, 0, 5)
		to := d.any(castable(x), 0, 3)
		return &draft{in: []*ir.Value{x, to}}
	},
}

func unary(types []tensor.DType) generator {
	return func(d *drawer) *draft { return &draft{in: []*ir.Value{d.any(types, 0, 5)}} }
}

// withAttrs is unary for operators with attributes, of which each may be absent.
func withAttrs(types []tensor.DType, attrs func(*drawer) ir.Attrs) generator {
	return func(d *drawer) *draft { return &draft{in: []*ir.Value{d.any(types, 0, 5)}, attrs: attrs(d)} }
}

func reals(names ...string) func(*drawer) ir.Attrs {
	return func(d *drawer) ir.Attrs {
		a := ir.Attrs{}
		for _, n := range names {
			if !d.chance(3) {
				a[n] = float64(d.between(-16, 48)) / 16
			}
		}
		return a
	}
}

func nonZero(name string) func(*drawer) ir.Attrs {
	return func(d *drawer) ir.Attrs { return ir.Attrs{name: float64(d.between(1, 48)) / 16} }
}

func flags(names ...string) func(*drawer) ir.Attrs {
	return func(d *drawer) ir.Attrs {
		a := ir.Attrs{}
		for _, n := range names {
			if !d.chance(3) {
				a[n] = d.flag()
			}
		}
		return a
	}
}

func choice(name string, values ...string) func(*drawer) ir.Attrs {
	return func(d *drawer) ir.Attrs {
		if d.chance(3) {
			return ir.Attrs{}
		}
		return ir.Attrs{name: oneOf(d, values...)}
	}
}

// merge joins sets of attributes.
func merge(all ...ir.Attrs) ir.Attrs {
	out := ir.Attrs{}
	for _, a := range all {
		for k, v := range a {
			out[k] = v
		}
	}
	return out
}

func clip(d *drawer) *draft {
	x := d.any(numbers, 0, 5)
	lo, hi := float64(d.between(-3, 0)), float64(d.between(0, 6))
	in := []*ir.Value{x, nil, nil}
	if !d.chance(4) {
		in[1] = d.scalar(x.DType, lo)
	}
	if !d.chance(4) {
		in[2] = d.scalar(x.DType, hi)
	}
	return &draft{in: in}
}

func binary(types []tensor.DType) generator {
	return func(d *drawer) *draft {
		a := d.any(types, 0, 5)
		b := d.partner(a)
		if d.chance(2) {
			a, b = b, a
		}
		return &draft{in: []*ir.Value{a, b}}
	}
}

// divide keeps zeros out of integer divisors, for which there is no quotient.
func divide(d *drawer) *draft {
	a := d.any(numbers, 0, 5)
	if a.DType.IsFloat() {
		return &draft{in: []*ir.Value{a, d.partner(a)}}
	}
	return &draft{in: []*ir.Value{a, d.divisor(a)}}
}

func (d *drawer) divisor(a *ir.Value) *ir.Value {
	shape := d.likeShape(d.value(a).Shape())
	n, _ := tensor.NumElements(shape)
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(d.between(1, 5))
		if d.chance(3) {
			v[i] = -v[i]
		}
	}
	return d.from(a.DType, v, shape...)
}

func modulo(d *drawer) *draft {
	a := d.any(numbers, 0, 5)
	f := d.flag()
	if a.DType.IsFloat() {
		f = 1
	}
	return &draft{in: []*ir.Value{a, d.divisor(a)}, attrs: ir.Attrs{"fmod": f}}
}

// power takes whole exponents for negative bases, and small ones.
func power(d *drawer) *draft {
	x := d.any(floats, 0, 5)
	switch d.IntN(3) {
	case 0:
		return &draft{in: []*ir.Value{x, d.from(x.DType, []float64{oneOf(d, -1.0, 0, 0.5, 1, 2, 3)})}}
	case 1:
		shape := d.likeShape(d.value(x).Shape())
		n, _ := tensor.NumElements(shape)
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(d.between(-2, 3))
		}
		return &draft{in: []*ir.Value{x, d.from(x.DType, v, shape...)}}
	}
	return &draft{in: []*ir.Value{d.positive(x.DType, d.likeShape(d.value(x).Shape())...), x}}
}

func shift(d *drawer) *draft {
	types := []tensor.DType{tensor.Uint8, tensor.Uint32, tensor.Uint64}
	a := d.any(types, 0, 4)
	return &draft{in: []*ir.Value{a, d.leaf(a.DType, d.likeShape(d.value(a).Shape())...)}, attrs: ir.Attrs{"direction": oneOf(d, "LEFT", "RIGHT")}}
}

func variadic(types []tensor.DType) generator {
	return func(d *drawer) *draft {
		a := d.any(types, 0, 4)
		in := []*ir.Value{a}
		shape := d.value(a).Shape()
		for range d.IntN(3) {
			b := d.pick([]tensor.DType{a.DType}, func(t *tensor.Tensor) bool { return broadcasts(shape, t.Shape()) },
				func() []int { return d.likeShape(shape) })
			in = append(in, b)
			shape = joined(shape, d.value(b).Shape())
		}
		return &draft{in: in}
	}
}

// joined is the shape that two broadcastable shapes give.
func joined(a, b []int) []int {
	out := make([]int, max(len(a), len(b)))
	for i := range out {
		x, y := 1, 1
		if k := i - len(out) + len(a); k >= 0 {
			x = a[k]
		}
		if k := i - len(out) + len(b); k >= 0 {
			y = b[k]
		}
		out[i] = x
		if x == 1 {
			out[i] = y
		}
	}
	return out
}

func where(d *drawer) *draft {
	x := d.any(movable, 0, 4)
	y := d.partner(x)
	shape := joined(d.value(x).Shape(), d.value(y).Shape())
	c := d.pick(bools, func(t *tensor.Tensor) bool { return broadcasts(shape, t.Shape()) }, func() []int { return d.likeShape(shape) })
	return &draft{in: []*ir.Value{c, x, y}}
}

// castable lists the types that x can be cast to with one defined result: not
// from what is negative or large to unsigned or narrow integers.
func castable(x *ir.Value) []tensor.DType {
	to := []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float64, tensor.Float16, tensor.Int64, tensor.Int32, tensor.Bool}
	if x.DType.IsUnsigned() || x.DType == tensor.Bool {
		to = append(to, tensor.Uint8, tensor.Int8)
	}
	return to
}

func cast(d *drawer) *draft {
	x := d.any(movable, 0, 5)
	return &draft{in: []*ir.Value{x}, attrs: ir.Attrs{"to": op.ONNXType(oneOf(d, castable(x)...))}}
}
