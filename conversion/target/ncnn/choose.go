package ncnn

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// where: of a choice that is known, as of a causal mask, with constants on one side
// the result is the other side between two limits: none where that is chosen, and
// else the constant twice. Numbers stay what they are, infinite ones too. Other
// choices are computed.
func where(e *emitter, n *ir.Node) string {
	c, x, y := n.In(0), n.In(1), n.In(2)
	open, fixed, takesOpen := x, y, true
	if packed(x) != nil {
		open, fixed, takesOpen = y, x, false
	}
	k := packed(fixed)
	if k == nil || packed(open) != nil || !c.IsConst() {
		return e.choose(n)
	}
	shape := broadcast(full(c), full(fixed))
	least, most := tensor.New(tensor.Float32, shape...), tensor.New(tensor.Float32, shape...)
	lo, hi, values, chosen := tensor.View[float32](least), tensor.View[float32](most), k.floats(), c.Const.Bytes()
	atC, atV := repeated(full(c), shape), repeated(full(fixed), shape)
	for i := range lo {
		if lo[i], hi[i] = values[atV(i)], values[atV(i)]; lo[i] != lo[i] {
			return "chooses no constant that is not a number"
		}
		if (chosen[atC(i)] != 0) == takesOpen {
			lo[i], hi[i] = float32(math.Inf(-1)), float32(math.Inf(1))
		}
	}
	limit := func(name string, t *tensor.Tensor) operand {
		return operand{v: &ir.Value{Name: n.Name + name, DType: tensor.Float32, Shape: ir.Dims(shape...), Const: t}}
	}
	z := operand{b: e.binary(opMin, operand{v: open}, limit("_most", most))}.shaped(broadcast(full(open), shape))
	e.set(n.Out(0), e.binary(opMax, z, limit("_least", least)))
	return ""
}

// choose: a side is what it is where it is chosen and the least infinity elsewhere;
// the larger of both sides is the choice.
func (e *emitter) choose(n *ir.Node) string {
	c, x, y := n.In(0), n.In(1), n.In(2)
	for _, v := range []*ir.Value{x, y} {
		if k := packed(v); k != nil && slices.ContainsFunc(k.floats(), func(x float32) bool { return x != x }) {
			return "chooses no constant that is not a number"
		}
	}
	is := e.in(c)
	a, b := scalar(operand{v: x}), scalar(operand{v: y})
	plain := a != nil && b != nil && len(full(x)) <= len(full(c)) && len(full(y)) <= len(full(c))
	switch {
	case plain && b.floats()[0] == 0:
		e.set(n.Out(0), e.one(opMul, is, float64(a.floats()[0])))
		return ""
	case plain && a.floats()[0] == 0:
		e.set(n.Out(0), e.one(opMul, e.none(is), float64(b.floats()[0])))
		return ""
	}
	// Half the largest number, times four, is infinite.
	key := "endless " + is.name
	if e.shaped[key] == nil {
		e.shaped[key] = e.one(opMul, e.one(opMul, e.one(opSub, is, 0.5), math.MaxFloat32), 4)
		e.shaped[key+"-"] = e.unary1(1, e.shaped[key])
	}
	side := func(v *ir.Value, limit *blob) operand {
		to := operand{b: limit}.shaped(full(c))
		return operand{b: e.binary(opMin, operand{v: v}, to)}.shaped(broadcast(full(v), full(c)))
	}
	e.set(n.Out(0), e.binary(opMax, side(x, e.shaped[key]), side(y, e.shaped[key+"-"])))
	return ""
}

// repeated gives, for each place of a tensor of shape to, the place in one of shape
// from that is repeated to it.
func repeated(from, to []int) func(i int) int {
	from, to = aligned(from, to)
	return func(i int) int {
		at, step := 0, 1
		for a := len(to) - 1; a >= 0; a-- {
			if from[a] != 1 {
				at += i % to[a] * step
			}
			i /= to[a]
			step *= from[a]
		}
		return at
	}
}
