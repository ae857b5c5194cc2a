package tflite

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

const maxFloat = math.MaxFloat32

var activationSpellings = map[string]spelling{
	"Relu":        {legal: floatOnly, emit: emitAs(fb.Relu), int8: always},
	"LeakyRelu":   {legal: floatOnly, emit: emitLeakyRelu, int8: always},
	"PRelu":       {legal: legalPRelu, emit: emitPRelu, int8: int8PRelu},
	"Elu":         {legal: floatOnly, emit: emitElu, int8: int8Elu},
	"Sigmoid":     {legal: floatOnly, emit: emitFixed(fb.Logistic, logisticQuant), int8: int8Fixed(logisticQuant)},
	"Tanh":        {legal: floatOnly, emit: emitFixed(fb.Tanh, tanhQuant), int8: int8Fixed(tanhQuant)},
	"HardSwish":   {legal: floatOnly, emit: emitAs(fb.HardSwish), int8: int8HardSwish},
	"HardSigmoid": {legal: legalHardSigmoid, emit: emitHardSigmoid, int8: always},
	"Gelu":        {legal: floatOnly, emit: emitGelu, int8: always},
	"Softplus":    {legal: floatOnly, emit: emitSoftplus},
	"Mish":        {legal: floatOnly, emit: emitMish},
	"Swish":       {legal: floatOnly, emit: emitSwish, int8: int8Swish},
	"Clip":        {legal: legalClip, emit: emitClip, int8: int8Clip},
	"Identity":    {emit: emitIdentity, int8: always},
	"Dropout":     {legal: legalDropout, emit: emitIdentity, int8: always},
}

// logisticQuant and tanhQuant are the parameters that the int8 results of LOGISTIC and
// TANH always have.
var (
	logisticQuant = &qparam{1.0 / 256, -128}
	tanhQuant     = &qparam{1.0 / 128, 0}
)

func floatOnly(n *ir.Node) string {
	if d := n.In(0).DType; d != tensor.Float32 {
		return noKernel(d)
	}
	return ""
}

// emitAs writes an operator of one operand that keeps shape and order.
func emitAs(code fb.Code) func(*emitter) error {
	return func(e *emitter) error {
		x, err := e.in(0)
		if err != nil {
			return err
		}
		return e.out1(code, nil, e.inOrder(0), x)
	}
}

// emitFixed is emitAs for operators whose int8 kernels have fixed parameters for
// the result.
func emitFixed(code fb.Code, q *qparam) func(*emitter) error {
	return func(e *emitter) error {
		x, err := e.in(0)
		if err != nil {
			return err
		}
		p := q
		if !e.quant {
			p = nil
		}
		y, err := e.tensor("", tensor.Float32, e.m.Tensors[x].Shape, p)
		if err != nil {
			return err
		}
		e.op(code, nil, []int{x}, y)
		e.set(0, y, e.inOrder(0))
		return nil
	}
}

func emitIdentity(e *emitter) error {
	v := e.n.In(0)
	if v.IsConst() || e.lazy[v] {
		x, err := e.read(v, nil, false)
		if err != nil {
			return err
		}
		e.held[e.outs[0]] = held{t: x}
		return nil
	}
	e.held[e.outs[0]] = e.held[v]
	return nil
}

func legalDropout(n *ir.Node) string {
	if n.In(2) != nil {
		return "training mode"
	}
	if v := n.Out(1); v != nil && len(v.Uses()) > 0 {
		return "the mask as a second result"
	}
	return ""
}

func emitLeakyRelu(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	return e.out1(fb.LeakyRelu, fb.LeakyReluOptions{Alpha: float32(e.n.Float("alpha", 0.01))}, e.inOrder(0), x)
}

func legalPRelu(n *ir.Node) string {
	if n.In(1).Rank() > n.In(0).Rank() {
		return "a slope of higher rank than the operand"
	}
	return floatOnly(n)
}

// emitPRelu writes PRELU: its slope has the operand's axes but the first.
func emitPRelu(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	rank := e.n.In(0).Rank()
	slope, err := e.operand(1, rank, e.inOrder(0))
	if err != nil {
		return err
	}
	d := e.m.Tensors[slope].Shape
	if len(d) == rank && rank > 1 && d[0] == 1 && e.m.Tensors[slope].Buffer != 0 {
		// The kernels broadcast; the delegate wants the slope without the batch.
		slope = e.viewConst(slope, d[1:])
	}
	return e.out1(fb.Prelu, nil, e.inOrder(0), x, slope)
}

// viewConst is constant i with other dims, sharing its buffer.
func (w *writer) viewConst(i int, dims []int32) int {
	t := w.m.Tensors[i]
	t.Name, t.Shape = w.constName(), dims
	w.m.Tensors = append(w.m.Tensors, t)
	return len(w.m.Tensors) - 1
}

// int8PRelu: constant slopes become int8 too.
func int8PRelu(n *ir.Node) bool { return n.In(1).IsConst() }

// int8Elu: only ELU itself has an integer kernel.
func int8Elu(n *ir.Node) bool { return n.Float("alpha", 1) == 1 }

// emitElu writes ELU, whose alpha is 1, or max(x,0) + alpha*(exp(min(x,0))-1).
func emitElu(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	alpha := e.n.Float("alpha", 1)
	if alpha == 1 {
		return e.out1(fb.Elu, nil, e.inOrder(0), x)
	}
	d := e.m.Tensors[x].Shape
	low := e.binary(fb.Minimum, x, e.scalar(0), d)
	curve := e.binary(fb.Mul, e.unary(fb.Elu, low), e.scalar(alpha), d)
	return e.out1(fb.Add, fb.AddOptions{}, e.inOrder(0), e.unary(fb.Relu, x), curve)
}

func legalHardSigmoid(n *ir.Node) string {
	if n.Float("alpha", 0.2) <= 0 {
		return "an alpha that is not positive"
	}
	return floatOnly(n)
}

// emitHardSigmoid writes clip(alpha*x+beta, 0, 1); with alpha 1/6, as all known
// networks have it, as relu6(x+beta/alpha)*alpha.
func emitHardSigmoid(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	alpha, beta := e.n.Float("alpha", 0.2), e.n.Float("beta", 0.5)
	d := e.m.Tensors[x].Shape
	six := math.Abs(alpha*6-1) < 1e-5
	if e.quant {
		return e.quantHardSigmoid(x, alpha, beta)
	}
	if six {
		y := e.temp(x, d)
		e.op(fb.Add, fb.AddOptions{Act: fb.ActRelu6}, []int{x, e.scalar(beta / alpha)}, y)
		return e.out1(fb.Mul, fb.MulOptions{}, e.inOrder(0), y, e.scalar(alpha))
	}
	y := e.binary(fb.Mul, x, e.scalar(alpha), d)
	z := e.temp(x, d)
	e.op(fb.Add, fb.AddOptions{Act: fb.ActRelu}, []int{y, e.scalar(beta)}, z)
	return e.out1(fb.Minimum, nil, e.inOrder(0), z, e.scalar(1))
}

// quantHardSigmoid writes the int8 form: the clipping is the saturation of an
// intermediate tensor that covers exactly 0..1/alpha.
func (e *emitter) quantHardSigmoid(x int, alpha, beta float64) error {
	d := e.m.Tensors[x].Shape
	shift, err := e.quantConst(tensor.Of([]float32{float32(beta / alpha)}, 1), nil)
	if err != nil {
		return err
	}
	y, err := e.tensor("", tensor.Float32, d, &qparam{float32(1 / alpha / 255), -128})
	if err != nil {
		return err
	}
	e.op(fb.Add, fb.AddOptions{}, []int{x, shift}, y)
	factor, err := e.quantConst(tensor.Of([]float32{float32(alpha)}, 1), nil)
	if err != nil {
		return err
	}
	return e.out1(fb.Mul, fb.MulOptions{}, e.inOrder(0), y, factor)
}

func emitGelu(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	return e.out1(fb.Gelu, fb.GeluOptions{Approximate: e.n.Str("approximate", "none") == "tanh"}, e.inOrder(0), x)
}

// softplus is max(x,0) + log(1+exp(-|x|)), which does not overflow.
func (e *emitter) softplus(x int) (a, b int) {
	d := e.m.Tensors[x].Shape
	small := e.unary(fb.Exp, e.unary(fb.Neg, e.unary(fb.Abs, x)))
	return e.unary(fb.Relu, x), e.unary(fb.Log, e.binary(fb.Add, small, e.scalar(1), d))
}

func emitSoftplus(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	a, b := e.softplus(x)
	return e.out1(fb.Add, fb.AddOptions{}, e.inOrder(0), a, b)
}

// emitMish writes x*tanh(softplus(x)).
func emitMish(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	a, b := e.softplus(x)
	t := e.unary(fb.Tanh, e.binary(fb.Add, a, b, e.m.Tensors[x].Shape))
	return e.out1(fb.Mul, fb.MulOptions{}, e.inOrder(0), x, t)
}

func int8Swish(n *ir.Node) bool { return n.Float("alpha", 1) == 1 }

// emitSwish writes x*sigmoid(alpha*x).
func emitSwish(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	s := x
	if a := e.n.Float("alpha", 1); a != 1 {
		s = e.binary(fb.Mul, x, e.scalar(a), e.m.Tensors[x].Shape)
	}
	gate := e.unary(fb.Logistic, s)
	if e.quant {
		e.m.Tensors[gate].Quant = logisticQuant.quant()
	}
	return e.out1(fb.Mul, fb.MulOptions{}, e.inOrder(0), x, gate)
}

// clipLimits are the constant limits of a Clip; absent ones are the largest
// finite numbers.
func clipLimits(n *ir.Node) (lo, hi float64, ok bool) {
	lo, hi = -maxFloat, maxFloat
	for i, p := range []*float64{&lo, &hi} {
		if v := n.In(1 + i); v != nil {
			if *p, ok = v.ConstScalar(); !ok {
				return 0, 0, false
			}
		}
	}
	return lo, hi, true
}

func legalClip(n *ir.Node) string {
	switch n.In(0).DType {
	case tensor.Float32, tensor.Int32, tensor.Int64:
	default:
		return noKernel(n.In(0).DType)
	}
	return ""
}

// int8Clip: limits become saturation only where they are constants.
func int8Clip(n *ir.Node) bool { _, _, ok := clipLimits(n); return ok }

// emitClip writes RELU, RELU6, RELU_N1_TO_1, or MAXIMUM and MINIMUM. An int8
// result whose parameters cover no more than the limits needs but a change of
// parameters.
func emitClip(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order := e.inOrder(0)
	act, isAct := fusedActivation(e.n)
	if e.n.In(0).DType == tensor.Float32 && isAct {
		code := map[fb.Activation]fb.Code{fb.ActRelu: fb.Relu, fb.ActRelu6: fb.Relu6, fb.ActReluN1To1: fb.ReluN1To1}[act]
		if !e.quant || code != fb.ReluN1To1 {
			return e.out1(code, nil, order, x)
		}
	}
	if e.quant {
		return e.quantClip(x, order)
	}
	d := e.m.Tensors[x].Shape
	lo, hi := e.n.In(1), e.n.In(2)
	y := x
	for i, v := range []*ir.Value{lo, hi} {
		if v == nil {
			continue
		}
		limit, err := e.read(v, nil, false)
		if err != nil {
			return err
		}
		y = e.binary([]fb.Code{fb.Maximum, fb.Minimum}[i], y, limit, d)
	}
	e.set(0, y, order)
	return nil
}

// quantClip limits in the operand's own units, then changes parameters.
func (e *emitter) quantClip(x int, order layout.Perm) error {
	lo, hi, _ := clipLimits(e.n)
	q := e.inQuant(0)
	limit := func(v float64) int8 {
		return int8(min(max(math.RoundToEven(v/float64(q.scale))+float64(q.zero), -128), 127))
	}
	d := e.m.Tensors[x].Shape
	y := x
	if l := limit(lo); l > -128 {
		c, err := e.addConst(tensor.Scalar(l), nil, q.quant())
		if err != nil {
			return err
		}
		y = e.binary(fb.Maximum, y, c, d)
	}
	if h := limit(hi); h < 127 {
		c, err := e.addConst(tensor.Scalar(h), nil, q.quant())
		if err != nil {
			return err
		}
		y = e.binary(fb.Minimum, y, c, d)
	}
	if y == x {
		y = e.requantize(x, e.outQuant(0))
	}
	e.set(0, y, order)
	return nil
}
