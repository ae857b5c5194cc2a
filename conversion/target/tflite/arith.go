package tflite

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var arithSpellings = map[string]spelling{
	"Add":            {legal: legalArith, emit: emitBinary(fb.Add), int8: always, fuses: true},
	"Sub":            {legal: legalArith, emit: emitBinary(fb.Sub), int8: always, fuses: true},
	"Mul":            {legal: legalArith, emit: emitBinary(fb.Mul), int8: always, fuses: true},
	"Div":            {legal: legalDiv, emit: emitBinary(fb.Div), fuses: true},
	"Pow":            {legal: legalPow, emit: emitPow},
	"Mod":            {legal: legalMod, emit: emitBinary(fb.FloorMod)},
	"Max":            {legal: legalVariadic, emit: emitVariadic(fb.Maximum), int8: always},
	"Min":            {legal: legalVariadic, emit: emitVariadic(fb.Minimum), int8: always},
	"Sum":            {legal: legalVariadic, emit: emitVariadic(fb.Add)},
	"Sqrt":           {legal: floatOnly, emit: emitAs(fb.Sqrt)},
	"Exp":            {legal: floatOnly, emit: emitAs(fb.Exp), int8: always},
	"Log":            {legal: floatOnly, emit: emitAs(fb.Log)},
	"Abs":            {legal: floatOrInt32, emit: emitAs(fb.Abs)},
	"Neg":            {legal: legalNeg, emit: emitAs(fb.Neg)},
	"Floor":          {legal: floatOnly, emit: emitAs(fb.Floor)},
	"Ceil":           {legal: floatOnly, emit: emitAs(fb.Ceil)},
	"Round":          {legal: floatOnly, emit: emitAs(fb.Round)},
	"Sign":           {legal: floatOrInt32, emit: emitAs(fb.Sign)},
	"Sin":            {legal: floatOnly, emit: emitAs(fb.Sin)},
	"Cos":            {legal: floatOnly, emit: emitAs(fb.Cos)},
	"Atan":           {legal: floatOnly, emit: emitAtan},
	"BitwiseXor":     {legal: legalXor, emit: emitBinary(fb.BitwiseXor)},
	"Reciprocal":     {legal: floatOnly, emit: emitReciprocal},
	"Equal":          {legal: legalCompare, emit: emitBinary(fb.Equal)},
	"Greater":        {legal: legalCompare, emit: emitBinary(fb.Greater)},
	"Less":           {legal: legalCompare, emit: emitBinary(fb.Less)},
	"GreaterOrEqual": {legal: legalCompare, emit: emitBinary(fb.GreaterEqual)},
	"LessOrEqual":    {legal: legalCompare, emit: emitBinary(fb.LessEqual)},
	"And":            {emit: emitBinary(fb.LogicalAnd)},
	"Or":             {emit: emitBinary(fb.LogicalOr)},
	"Xor":            {emit: emitBinary(fb.NotEqual)},
	"Not":            {emit: emitAs(fb.LogicalNot)},
	"IsNaN":          {legal: floatOnly, emit: emitIsNaN},
	"Where":          {emit: emitWhere},
	"Cast":           {legal: legalCast, emit: emitCast},
}

func floatOrInt32(n *ir.Node) string {
	if d := n.In(0).DType; d != tensor.Float32 && d != tensor.Int32 {
		return noKernel(d)
	}
	return ""
}

func legalNeg(n *ir.Node) string {
	if n.In(0).DType == tensor.Int64 {
		return ""
	}
	return floatOrInt32(n)
}

func legalArith(n *ir.Node) string {
	switch d := n.Out(0).DType; d {
	case tensor.Float32, tensor.Int32, tensor.Int64:
	default:
		return noKernel(d)
	}
	return legalRank(n)
}

// legalRank: kernels broadcast up to six axes.
func legalRank(n *ir.Node) string {
	if r := n.Out(0).Rank(); r > 6 {
		return fmt.Sprintf("rank %d", r)
	}
	return ""
}

// legalDiv: DIV of integers truncates like ONNX, in 32 bits.
func legalDiv(n *ir.Node) string {
	if d := n.Out(0).DType; d != tensor.Float32 && d != tensor.Int32 {
		return noKernel(d)
	}
	return legalRank(n)
}

func legalVariadic(n *ir.Node) string {
	if d := n.Out(0).DType; d != tensor.Float32 && d != tensor.Int32 && d != tensor.Int64 {
		return noKernel(d)
	}
	return legalRank(n)
}

func legalPow(n *ir.Node) string {
	a, b := n.In(0).DType, n.In(1).DType
	if _, ok := n.In(1).ConstScalar(); a == tensor.Float32 && ok {
		return ""
	}
	if a != b || a != tensor.Float32 && a != tensor.Int32 {
		return fmt.Sprintf("element types %v and %v", a, b)
	}
	return ""
}

// legalMod: FLOOR_MOD has the divisor's sign, as ONNX has for integers.
func legalMod(n *ir.Node) string {
	if d := n.Out(0).DType; n.Int("fmod", 0) != 0 || d != tensor.Int32 && d != tensor.Int64 {
		return fmt.Sprintf("fmod %d of %v", n.Int("fmod", 0), d)
	}
	return ""
}

func legalCompare(n *ir.Node) string {
	switch d := n.In(0).DType; {
	case d == tensor.Float32, d == tensor.Int32, d == tensor.Int64, d == tensor.Bool && n.Op == "Equal":
		return ""
	default:
		return noKernel(d)
	}
}

// emitBinary writes an operator of two operands that broadcast.
func emitBinary(code fb.Code) func(*emitter) error {
	return func(e *emitter) error {
		rank := e.n.Out(0).Rank()
		order := e.outOrder(0)
		a, err := e.operand(0, rank, order)
		if err != nil {
			return err
		}
		b, err := e.operand(1, rank, order)
		if err != nil {
			return err
		}
		return e.out1(code, arithOptions(code, e.act), order, a, b)
	}
}

// legalXor: what is narrower than 32 bits is widened.
func legalXor(n *ir.Node) string {
	if d := n.Out(0).DType; d != tensor.Int32 {
		return noKernel(d)
	}
	return legalRank(n)
}

// emitAtan writes ATAN2(x, 1). The ones have x's shape, which the kernel wants:
// x = x, which is 0 for NaN, of which every angle is NaN.
func emitAtan(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	d := e.m.Tensors[x].Shape
	same, err := e.tensor("", tensor.Bool, d, nil)
	if err != nil {
		return err
	}
	e.op(fb.Equal, nil, []int{x, x}, same)
	ones := e.temp(x, d)
	e.op(fb.Cast, fb.CastOptions{In: fb.Bool, Out: fb.Float32}, []int{same}, ones)
	return e.out1(fb.Atan2, nil, e.inOrder(0), x, ones)
}

// emitVariadic chains an operator over any number of operands.
func emitVariadic(code fb.Code) func(*emitter) error {
	return func(e *emitter) error {
		rank := e.n.Out(0).Rank()
		order := e.outOrder(0)
		acc, err := e.joint(0, rank, order)
		if err != nil {
			return err
		}
		if len(e.n.Inputs) == 1 {
			return emitIdentity(e)
		}
		dims := e.m.Tensors[acc].Shape
		for i := 1; i < len(e.n.Inputs); i++ {
			x, err := e.joint(i, rank, order)
			if err != nil {
				return err
			}
			if i == len(e.n.Inputs)-1 {
				return e.out1(code, arithOptions(code, fb.ActNone), order, acc, x)
			}
			dims = broadcastDims(dims, e.m.Tensors[x].Shape)
			acc = e.binary(code, acc, x, dims)
		}
		return nil
	}
}

// joint is an operand of an operator whose int8 operands and result share their
// parameters.
func (e *emitter) joint(i, rank int, order layout.Perm) (int, error) {
	v := e.n.In(i)
	if !e.quant {
		return e.operand(i, rank, order)
	}
	if !v.IsConst() {
		x, err := e.operand(i, rank, order)
		if err != nil {
			return 0, err
		}
		return e.requantize(x, e.outQuant(0)), nil
	}
	q := e.outQuant(0)
	f := v.Const.Float32s()
	data := make([]int8, len(f))
	for k, x := range f {
		data[k] = int8(min(max(math.RoundToEven(float64(x)/float64(q.scale))+float64(q.zero), -128), 127))
	}
	order = order.Full(rank)
	t := tensor.Of(data, lift(v.Const.Shape(), rank)...)
	return e.addConst(t, order, q.quant())
}

// broadcastDims is the shape to which a and b broadcast; unknown beside 1 or
// unknown stays unknown.
func broadcastDims(a, b []int32) []int32 {
	rank := max(len(a), len(b))
	a, b = lift(a, rank), lift(b, rank)
	out := make([]int32, rank)
	for i := range out {
		switch {
		case a[i] == 1:
			out[i] = b[i]
		case b[i] == 1 || b[i] < 0:
			out[i] = a[i]
		default:
			out[i] = b[i]
		}
	}
	return out
}

// emitPow writes the exact forms of constant exponents, else POW.
func emitPow(e *emitter) error {
	order := e.outOrder(0)
	if p, ok := e.n.In(1).ConstScalar(); ok && e.n.In(0).DType == tensor.Float32 && e.n.In(0).Rank() == e.n.Out(0).Rank() {
		x, err := e.operand(0, e.n.Out(0).Rank(), order)
		if err != nil {
			return err
		}
		switch p {
		case 2:
			return e.out1(fb.Mul, fb.MulOptions{}, order, x, x)
		case 0.5:
			return e.out1(fb.Sqrt, nil, order, x)
		case -0.5:
			return e.out1(fb.Rsqrt, nil, order, x)
		case -1:
			return e.out1(fb.Div, fb.DivOptions{}, order, e.scalar(1), x)
		}
		return e.out1(fb.Pow, nil, order, x, e.scalar(p))
	}
	return emitBinary(fb.Pow)(e)
}

func emitReciprocal(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	return e.out1(fb.Div, fb.DivOptions{}, e.inOrder(0), e.scalar(1), x)
}

func emitIsNaN(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	return e.out1(fb.NotEqual, nil, e.inOrder(0), x, x)
}

func emitWhere(e *emitter) error {
	rank := e.n.Out(0).Rank()
	order := e.outOrder(0)
	var in []int
	for i := range 3 {
		t, err := e.operand(i, rank, order)
		if err != nil {
			return err
		}
		in = append(in, t)
	}
	return e.out1(fb.SelectV2, nil, order, in...)
}

func legalCast(n *ir.Node) string {
	for _, v := range []*ir.Value{n.In(0), n.Out(0)} {
		switch v.DType {
		case tensor.Float32, tensor.Int32, tensor.Int64, tensor.Int8, tensor.Uint8, tensor.Bool, tensor.Float16, tensor.Float64,
			tensor.Int16, tensor.Uint16, tensor.Uint32:
		default:
			return fmt.Sprintf("from %v to %v", n.In(0).DType, n.Out(0).DType)
		}
	}
	return ""
}

// emitCast writes CAST; of a float16 constant nothing: who reads it gets a
// DEQUANTIZE of the constant.
func emitCast(e *emitter) error {
	in, out := e.n.In(0), e.outs[0]
	if _, ok := storedOf(out); ok && in.IsConst() {
		e.lazy[out] = true
		return nil
	}
	if in.DType == out.DType {
		return emitIdentity(e)
	}
	x, err := e.in(0)
	if err != nil {
		return err
	}
	if in.DType == tensor.Float32 && out.DType == tensor.Bool {
		// CAST to bool would truncate 0.5 to false in some kernels.
		return e.out1(fb.NotEqual, nil, e.inOrder(0), x, e.scalar(0))
	}
	from, _ := fb.TypeOf(in.DType)
	to, _ := fb.TypeOf(out.DType)
	return e.out1(fb.Cast, fb.CastOptions{In: from, Out: to}, e.inOrder(0), x)
}
