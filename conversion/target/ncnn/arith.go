package ncnn

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// BinaryOp's operations, with those of swapped operands.
const (
	opAdd  = 0
	opSub  = 1
	opMul  = 2
	opDiv  = 3
	opMax  = 4
	opMin  = 5
	opPow  = 6
	opRSub = 7
	opRDiv = 8
	opRPow = 9
)

var swapped = map[int]int{opAdd: opAdd, opSub: opRSub, opMul: opMul, opDiv: opRDiv, opMax: opMax, opMin: opMin, opPow: opRPow}

var arithOps = map[string]spelling{
	"Add": pairwise(opAdd), "Sub": pairwise(opSub), "Mul": pairwise(opMul), "Div": divide, "Mod": modulo, "Pow": power,
	"Max": chain(opMax), "Min": chain(opMin), "Sum": chain(opAdd),
	"Cast": cast, "Identity": move, "Dropout": dropout, "Where": where,
}

// dropout passes its input on, unless an input of the model may ask for training.
func dropout(e *emitter, n *ir.Node) string {
	if n.In(2) != nil {
		return "of an unknown mode is not possible"
	}
	return move(e, n)
}

func pairwise(op int) spelling {
	return func(e *emitter, n *ir.Node) string {
		e.set(n.Out(0), e.binary(op, operand{n.In(0), nil}, operand{n.In(1), nil}))
		return ""
	}
}

// chain spells a variadic operator.
func chain(op int) spelling {
	return func(e *emitter, n *ir.Node) string {
		x := operand{n.In(0), nil}
		if len(n.Inputs) == 1 {
			e.alias(n.Out(0), n.In(0))
			return ""
		}
		shape := full(n.In(0))
		for _, v := range n.Inputs[1:] {
			shape = broadcast(shape, full(v))
			x = operand{b: e.binary(op, x, operand{v, nil}), v: nil}.shaped(shape)
		}
		e.set(n.Out(0), x.b)
		return ""
	}
}

// operand is a value, or a blob with the full dimensions it stands for.
type operand struct {
	v *ir.Value
	b *blob
}

// shaped gives an inner result the dimensions that it has as a tensor.
func (o operand) shaped(dims []int) operand {
	o.v = &ir.Value{Shape: ir.Dims(dims...), DType: tensor.Float32}
	return o
}

func (e *emitter) operand(o operand, dims []int) *blob {
	if o.b != nil {
		return e.reshape(o.b, dims)
	}
	return e.as(o.v, dims...)
}

func broadcast(a, b []int) []int {
	a, b = aligned(a, b)
	out := slices.Clone(a)
	for k := range out {
		out[k] = max(out[k], b[k])
	}
	return out
}

// aligned pads the shorter shape with leading ones.
func aligned(a, b []int) ([]int, []int) {
	for len(a) < len(b) {
		a = append([]int{1}, a...)
	}
	for len(b) < len(a) {
		b = append([]int{1}, b...)
	}
	return a, b
}

// binary computes a op b. Operands of different dimensions are brought to the
// same number of them, as ncnn would align them at the wrong end.
func (e *emitter) binary(op int, a, b operand) *blob {
	da, db := full(a.v), full(b.v)
	if c := scalar(b); c != nil && len(db) <= len(da) {
		x := e.first(a)
		return e.add("BinaryOp", []*blob{x}, x.dims, num(0, op), num(1, 1), flt(2, float64(c.floats()[0])))
	}
	if c := scalar(a); c != nil && len(da) <= len(db) {
		x := e.first(b)
		return e.add("BinaryOp", []*blob{x}, x.dims, num(0, swapped[op]), num(1, 1), flt(2, float64(c.floats()[0])))
	}
	if slices.Equal(da, db) {
		x := e.first(a)
		return e.add("BinaryOp", []*blob{x, e.operand(b, x.dims)}, x.dims, num(0, op))
	}
	pa, pb := aligned(da, db)
	da, db = common(pa, pb)
	if len(da) > 4 { // broadcast in more than ncnn has
		out := broadcast(pa, pb)
		x, y := e.first(a), e.first(b)
		if !slices.Equal(pa, out) {
			x = e.spread(x, pa, out)
		}
		if !slices.Equal(pb, out) {
			y = e.spread(y, pb, out)
		}
		return e.add("BinaryOp", []*blob{x, e.reshape(y, x.dims)}, x.dims, num(0, op))
	}
	return e.add("BinaryOp", []*blob{e.operand(a, da), e.operand(b, db)}, broadcast(da, db), num(0, op))
}

// scalar is the one number that an operand is; nil where it is none, or one that
// the list of layers cannot say.
func scalar(o operand) *constant {
	c := packed(o.v)
	if o.b != nil || c == nil || c.t.Len() != 1 {
		return nil
	}
	if x := float64(c.floats()[0]); math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return c
}

func (e *emitter) first(o operand) *blob {
	if o.b != nil {
		return o.b
	}
	return e.in(o.v)
}

// common leaves out leading axes that both have once and, where more than four
// are left, joins axes that broadcast alike.
func common(a, b []int) ([]int, []int) {
	for len(a) > 1 && a[0] == 1 && b[0] == 1 {
		a, b = a[1:], b[1:]
	}
	if len(a) <= 4 {
		return a, b
	}
	return joined(a, b)
}

// joined joins axes that broadcast alike and leaves out those that both have once.
func joined(a, b []int) ([]int, []int) {
	kind := func(k int) int {
		switch {
		case a[k] == b[k]:
			return 0
		case a[k] == 1:
			return 1
		}
		return 2
	}
	var x, y []int
	last := -1
	for k := range a {
		if a[k] == 1 && b[k] == 1 {
			continue
		}
		if kind(k) == last {
			x[len(x)-1] *= a[k]
			y[len(y)-1] *= b[k]
			continue
		}
		last = kind(k)
		x, y = append(x, a[k]), append(y, b[k])
	}
	return x, y
}

// power: ncnn's own is made of logarithms, which a negative base has not, so
// whole exponents are multiplied out.
func power(e *emitter, n *ir.Node) string {
	c := packed(n.In(1))
	if c == nil || c.t.Len() != 1 || len(full(n.In(1))) > len(full(n.In(0))) {
		return "needs one constant exponent"
	}
	x := e.in(n.In(0))
	y := float64(c.floats()[0])
	op := func(k int) *blob { return e.add("UnaryOp", []*blob{x}, x.dims, num(0, k)) }
	times := func(a *blob) *blob { return e.add("BinaryOp", []*blob{a, x}, x.dims, num(0, opMul)) }
	switch {
	case y == 1:
		e.set(n.Out(0), x)
	case y == 2:
		e.set(n.Out(0), op(4))
	case y == 3:
		e.set(n.Out(0), times(op(4)))
	case y == 4:
		s := op(4)
		e.set(n.Out(0), e.add("UnaryOp", []*blob{s}, x.dims, num(0, 4)))
	case y == 0.5:
		e.set(n.Out(0), op(5))
	case y == -0.5:
		e.set(n.Out(0), op(6))
	case y == -1:
		e.set(n.Out(0), op(15))
	case y == math.Trunc(y) && math.Abs(y) >= 1 && math.Abs(y) <= mostFactors:
		p := e.multiplied(x, int(math.Abs(y)))
		if y < 0 {
			p = e.unary1(15, p)
		}
		e.set(n.Out(0), p)
	case y == math.Trunc(y):
		return fmt.Sprintf("has whole exponents to %d and not 0; not %g", mostFactors, y)
	default:
		e.set(n.Out(0), e.add("BinaryOp", []*blob{x}, x.dims, num(0, opPow), num(1, 1), flt(2, y)))
	}
	return ""
}

// mostFactors is the largest exponent that is multiplied out.
const mostFactors = 64

// multiplied is the k-th power of x, of squares.
func (e *emitter) multiplied(x *blob, k int) *blob {
	if k == 1 {
		return x
	}
	s := e.multiplied(e.unary1(4, x), k/2)
	if k%2 == 0 {
		return s
	}
	return e.add("BinaryOp", []*blob{s, x}, x.dims, num(0, opMul))
}
