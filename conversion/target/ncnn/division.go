package ncnn

import "slipway/conversion/ir"

// divide is a quotient of floats, or one of whole numbers that is cut towards 0.
func divide(e *emitter, n *ir.Node) string {
	if !isWhole(n.Out(0).DType) {
		if quantizes(n) {
			return steps(e, n)
		}
		return pairwise(opDiv)(e, n)
	}
	a, b := operand{v: n.In(0)}, operand{v: n.In(1)}
	shape := full(n.Out(0))
	x, y := e.magnitude(a), e.magnitude(b)
	even := operand{b: e.binary(opSub, x, e.remainder(x, y, shape))}.shaped(shape)
	q := e.unary1(18, e.binary(opDiv, even, y)) // the nearest whole number
	sign := operand{b: e.binary(opMul, e.sign(a), e.sign(b))}.shaped(shape)
	e.set(n.Out(0), e.binary(opMul, operand{b: q}.shaped(shape), sign))
	return ""
}

// modulo is the remainder of whole numbers, with the sign of the divisor or, with fmod,
// of the dividend.
func modulo(e *emitter, n *ir.Node) string {
	if !isWhole(n.Out(0).DType) {
		return "of floats is not possible"
	}
	a, b := operand{v: n.In(0)}, operand{v: n.In(1)}
	shape := full(n.Out(0))
	if n.Int("fmod", 0) != 0 {
		r := e.remainder(e.magnitude(a), e.magnitude(b), shape)
		e.set(n.Out(0), e.binary(opMul, r, e.sign(a)))
		return ""
	}
	if c := packed(n.In(1)); c != nil && positive(c.floats()) {
		e.set(n.Out(0), e.remainder(a, b, shape).b)
		return ""
	}
	s := e.sign(b)
	r := e.remainder(operand{b: e.binary(opMul, a, s)}.shaped(shape), e.magnitude(b), shape)
	e.set(n.Out(0), e.binary(opMul, r, s))
	return ""
}

func positive(v []float32) bool {
	for _, x := range v {
		if x <= 0 {
			return false
		}
	}
	return true
}

func (e *emitter) magnitude(o operand) operand {
	return operand{b: e.unary1(0, e.first(o))}.shaped(full(o.v))
}

func (e *emitter) sign(o operand) operand {
	return operand{b: e.unary1(20, e.first(o))}.shaped(full(o.v))
}

// remainder is what is left of the whole number x when as many y as fit are taken away;
// y is positive. Kernels divide imprecisely: one too many or too few is put right.
func (e *emitter) remainder(x, y operand, shape []int) operand {
	of := func(b *blob) operand { return operand{b: b}.shaped(shape) }
	times := of(e.unary1(2, e.binary(opDiv, x, y)))
	r := of(e.binary(opSub, x, of(e.binary(opMul, times, y))))
	below := of(e.some(e.one(opRSub, r.b, 0)))
	r = of(e.binary(opAdd, r, of(e.binary(opMul, below, y))))
	beyond := of(e.some(e.one(opAdd, e.binary(opSub, r, y), 1)))
	return of(e.binary(opSub, r, of(e.binary(opMul, beyond, y))))
}
