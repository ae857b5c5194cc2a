package tflite

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var normSpellings = map[string]spelling{
	"BatchNormalization":    {legal: legalBatchNorm, emit: emitBatchNorm, fuses: true},
	"InstanceNormalization": {legal: legalInstanceNorm, emit: emitInstanceNorm, fuses: true},
	"LayerNormalization":    {legal: legalLayerNorm, emit: emitLayerNorm},
	"LRN":                   {legal: legalLRN, emit: emitLRN},
	"Softmax":               {legal: floatOnly, emit: emitSoftmax(fb.Softmax, softmaxQuant), int8: int8Fixed(softmaxQuant)},
	"LogSoftmax":            {legal: floatOnly, emit: emitSoftmax(fb.LogSoftmax, logSoftmaxQuant), int8: int8Fixed(logSoftmaxQuant)},
	"LpNormalization":       {legal: legalLpNorm, emit: emitSoftmax(fb.L2Normalization, nil)},
}

// softmaxQuant and logSoftmaxQuant are what the format prescribes for the results of
// a Softmax and a LogSoftmax in integers.
var (
	softmaxQuant    = &qparam{1.0 / 256, -128}
	logSoftmaxQuant = &qparam{16.0 / 256, 127}
)

// channels lays a per-channel vector along axis 1 of an operand of the given
// rank stored in the given order.
func (e *emitter) channels(v []float32, rank int, order layout.Perm) int {
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = 1
	}
	if rank > 1 {
		shape[order.Axis(1)] = len(v)
	}
	return e.floats(v, shape...)
}

func legalBatchNorm(n *ir.Node) string {
	for i := 1; i < 5; i++ {
		if _, ok := storedOf(n.In(i)); !ok {
			return "statistics that are not constant"
		}
	}
	return floatOnly(n)
}

// emitBatchNorm writes x*a+b; those behind a convolution were folded before.
func emitBatchNorm(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	var p [4][]float64
	for i := range p {
		s, _ := storedOf(e.n.In(i + 1))
		p[i] = s.float().Float64s()
	}
	eps := e.n.Float("epsilon", 1e-5)
	a, b := make([]float32, len(p[0])), make([]float32, len(p[0]))
	for c := range a {
		k := p[0][c] / math.Sqrt(p[3][c]+eps)
		a[c], b[c] = float32(k), float32(p[1][c]-p[2][c]*k)
	}
	order, rank := e.inOrder(0), e.n.In(0).Rank()
	y := e.binary(fb.Mul, x, e.channels(a, rank, order), e.m.Tensors[x].Shape)
	return e.out1(fb.Add, fb.AddOptions{Act: e.act}, order, y, e.channels(b, rank, order))
}

func legalInstanceNorm(n *ir.Node) string {
	for i := 1; i < 3; i++ {
		if _, ok := storedOf(n.In(i)); !ok {
			return "scale or bias that is not constant"
		}
	}
	return floatOnly(n)
}

// normalized writes (x-mean)/sqrt(var+eps) over the given stored axes.
func (e *emitter) normalized(x int, axes []int32, eps float64) int {
	dims := e.m.Tensors[x].Shape
	small := append([]int32{}, dims...)
	for _, a := range axes {
		small[a] = 1
	}
	list := e.int32s(axes)
	mean := e.temp(x, small)
	e.op(fb.Mean, fb.ReducerOptions{KeepDims: true}, []int{x, list}, mean)
	centred := e.binary(fb.Sub, x, mean, dims)
	variance := e.temp(x, small)
	e.op(fb.Mean, fb.ReducerOptions{KeepDims: true}, []int{e.binary(fb.Mul, centred, centred, dims), list}, variance)
	inv := e.unary(fb.Rsqrt, e.binary(fb.Add, variance, e.scalar(eps), small))
	return e.binary(fb.Mul, centred, inv, dims)
}

func emitInstanceNorm(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order, rank := e.inOrder(0), e.n.In(0).Rank()
	var axes []int32
	for a := 2; a < rank; a++ {
		axes = append(axes, int32(order.Axis(a)))
	}
	y := e.normalized(x, axes, e.n.Float("epsilon", 1e-5))
	scale, _ := storedOf(e.n.In(1))
	bias, _ := storedOf(e.n.In(2))
	y = e.binary(fb.Mul, y, e.channels(scale.float().Float32s(), rank, order), e.m.Tensors[x].Shape)
	return e.out1(fb.Add, fb.AddOptions{Act: e.act}, order, y, e.channels(bias.float().Float32s(), rank, order))
}

func legalLayerNorm(n *ir.Node) string {
	for i := 1; i < 3; i++ {
		if n.Out(i) != nil {
			return "mean or deviation as a further result"
		}
	}
	if n.Int("stash_type", 1) != 1 {
		return "stash_type"
	}
	return floatOnly(n)
}

func emitLayerNorm(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order, rank := e.inOrder(0), e.n.In(0).Rank()
	var axes []int32
	for a := axisOf(e.n, -1, rank); a < rank; a++ {
		axes = append(axes, int32(order.Axis(a)))
	}
	y := e.normalized(x, axes, e.n.Float("epsilon", 1e-5))
	scale, err := e.operand(1, rank, order)
	if err != nil {
		return err
	}
	y = e.binary(fb.Mul, y, scale, e.m.Tensors[x].Shape)
	if e.n.In(2) != nil {
		bias, err := e.operand(2, rank, order)
		if err != nil {
			return err
		}
		y = e.binary(fb.Add, y, bias, e.m.Tensors[x].Shape)
	}
	e.set(0, y, order)
	return nil
}

func legalLRN(n *ir.Node) string {
	if n.In(0).Rank() != 4 {
		return fmt.Sprintf("rank %d", n.In(0).Rank())
	}
	if n.Int("size", 1)%2 == 0 {
		return "an even size"
	}
	return floatOnly(n)
}

// emitLRN: the builtin's alpha is not divided by the size. Where XNNPACK has what
// the power takes, the sums of squares over neighbouring channels are a 1x1
// convolution.
func emitLRN(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	size := e.n.Int("size", 1)
	if y, ok := e.powered(x, int(size)); ok {
		return e.out1(fb.Mul, fb.MulOptions{}, lastOrder, x, y)
	}
	return e.out1(fb.LocalResponseNorm, fb.LocalResponseNormOptions{
		Radius: int32(size / 2), Bias: float32(e.n.Float("bias", 1)),
		Alpha: float32(e.n.Float("alpha", 1e-4) / float64(size)), Beta: float32(e.n.Float("beta", 0.75)),
	}, lastOrder, x)
}

// maxBand is the most channels of which the matrix of neighbours is small beside
// a network's weights.
const maxBand = 512

// powered is the reciprocal of LRN's denominator; ok is false where operators of
// XNNPACK do not give that power.
func (e *emitter) powered(x, size int) (y int, ok bool) {
	dims := e.m.Tensors[x].Shape
	c, bias := int(dims[3]), e.n.Float("bias", 1)
	beta := e.n.Float("beta", 0.75)
	if !e.fast(x) || c > maxBand || bias <= 0 || e.n.Float("alpha", 1e-4) < 0 || beta != 0.5 && beta != 0.75 && beta != 1 {
		return 0, false
	}
	w, b := make([]float32, c*c), make([]float32, c)
	for o := range c {
		b[o] = float32(bias)
		for i := max(0, o-size/2); i <= min(c-1, o+size/2); i++ {
			w[o*c+i] = float32(e.n.Float("alpha", 1e-4) / float64(size))
		}
	}
	sum := e.temp(x, dims)
	e.op(fb.Conv2D, fb.Conv2DOptions{Padding: fb.Valid, StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1},
		[]int{e.binary(fb.Mul, x, x, dims), e.floats(w, c, 1, 1, c), e.floats(b, c)}, sum)
	root := e.unary(fb.Rsqrt, sum)
	switch beta {
	case 0.75:
		root = e.binary(fb.Mul, root, e.unary(fb.Sqrt, root), dims)
	case 1:
		root = e.binary(fb.Mul, root, root, dims)
	}
	return root, true
}

func legalLpNorm(n *ir.Node) string {
	if n.Int("p", 2) != 2 {
		return "a norm other than 2"
	}
	return floatOnly(n)
}

// emitSoftmax writes an operator that works along the last stored axis,
// transposing where the axis lies elsewhere. q are the fixed int8 parameters of
// its result.
func emitSoftmax(code fb.Code, q *qparam) func(*emitter) error {
	return func(e *emitter) error {
		x, err := e.in(0)
		if err != nil {
			return err
		}
		order, rank := e.inOrder(0), e.n.In(0).Rank()
		axis := order.Axis(axisOf(e.n, -1, rank))
		swap := swapLast(axis, rank)
		e.noteSwap(x, swap)
		x = e.permute(x, swap)
		p := q
		if !e.quant {
			p = nil
		}
		y, err := e.tensor("", tensor.Float32, e.m.Tensors[x].Shape, p)
		if err != nil {
			return err
		}
		var opts fb.Options
		switch code {
		case fb.Softmax:
			opts = fb.SoftmaxOptions{Beta: 1}
		case fb.L2Normalization:
			opts = fb.L2NormOptions{}
		}
		e.op(code, opts, []int{x}, y)
		e.set(0, e.permute(y, swap), order)
		return nil
	}
}
