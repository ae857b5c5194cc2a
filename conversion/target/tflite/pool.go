package tflite

import (
	"fmt"
	"math"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var poolSpellings = map[string]spelling{
	"MaxPool":           {legal: legalMaxPool, emit: emitMaxPool, int8: always},
	"AveragePool":       {legal: legalPool, emit: emitAveragePool, int8: int8AveragePool},
	"GlobalAveragePool": {legal: legalGlobal, emit: func(e *emitter) error { return e.global(fb.Mean) }, int8: always},
	"GlobalMaxPool":     {legal: legalGlobal, emit: func(e *emitter) error { return e.global(fb.ReduceMax) }, int8: always},
}

func legalGlobal(n *ir.Node) string {
	if r := n.In(0).Rank(); r < 3 || r > 6 {
		return fmt.Sprintf("rank %d", r)
	}
	return ""
}

// global reduces all spatial axes and keeps them: the form that the CPU delegate
// takes.
func (e *emitter) global(code fb.Code) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	rank := e.n.In(0).Rank()
	axes := make([]int32, rank-2)
	for i := range axes {
		axes[i] = int32(i + 1)
	}
	q := e.outQuant(0)
	if code == fb.ReduceMax {
		q = e.inQuant(0)
	}
	order := layout.Last(rank)
	y, err := e.tensor("", e.outs[0].DType, dimsOf(e.outs[0].Shape, order), q)
	if err != nil {
		return err
	}
	e.op(code, fb.ReducerOptions{KeepDims: true}, []int{x, e.int32s(axes)}, y)
	e.set(0, y, order)
	return nil
}

func poolKernel(n *ir.Node) []int {
	var k []int
	for _, d := range n.Ints("kernel_shape") {
		k = append(k, int(d))
	}
	return k
}

// poolWindow is n's window with the padding that makes VALID give exactly the
// inferred output size: ceil_mode and sizes that do not divide pad or cut the
// end.
func poolWindow(n *ir.Node) (window, string) {
	w, why := windowOf(n, poolKernel(n))
	if why != "" || w.same {
		return w, why
	}
	in, out := n.In(0).Shape, n.Out(0).Shape
	off := 4 - len(in)
	for i := range w.kernel {
		if i < off {
			continue
		}
		size, ok1 := in[2+i-off].Int()
		o, ok2 := out[2+i-off].Int()
		if !ok1 || !ok2 {
			if n.Int("ceil_mode", 0) != 0 {
				return w, "ceil_mode on unknown spatial dimensions"
			}
			continue
		}
		reach := (w.kernel[i]-1)*w.dilation[i] + 1
		need := (int(o)-1)*w.stride[i] + reach - int(size) - w.before[i]
		if need > w.after[i] {
			w.after[i] = need
		}
	}
	return w, ""
}

// unpadded reports whether the window never leaves its operand.
func (w window) unpadded() bool { return !w.same && w.before == [2]int{} && w.after == [2]int{} }

func legalPool(n *ir.Node) string {
	w, why := poolWindow(n)
	switch {
	case why != "":
		return why
	case w.dilation != [2]int{1, 1}:
		return "dilation"
	case n.Op == "AveragePool" && !w.unpadded() && !n.In(0).Shape[2:].IsStatic():
		if !w.same || n.Int("count_include_pad", 0) != 0 {
			return "padding on unknown spatial dimensions"
		}
	}
	return ""
}

func legalMaxPool(n *ir.Node) string {
	if v := n.Out(1); v != nil && len(v.Uses()) > 0 {
		return "indices as a second result"
	}
	if n.Int("storage_order", 0) != 0 && n.Out(1) != nil {
		return "storage_order"
	}
	if len(n.Outputs) > 1 && n.Out(1) != nil {
		return "indices as a second result"
	}
	return legalPool(n)
}

func (w window) poolOptions(p fb.Padding) fb.Pool2DOptions {
	return fb.Pool2DOptions{
		Padding: p, StrideW: int32(w.stride[1]), StrideH: int32(w.stride[0]),
		FilterW: int32(w.kernel[1]), FilterH: int32(w.kernel[0]),
	}
}

func emitMaxPool(e *emitter) error {
	w, x, err := e.windowed(poolWindow(e.n))
	if err != nil {
		return err
	}
	padding := fb.Valid
	switch {
	case w.unpadded():
	case w.isSame(e.m.Tensors[x].Shape):
		padding = fb.Same
	case !e.quant && notNegative(e.n.In(0), 8), e.zeroIsLowest(x):
		// Zero never wins against what is there, and PAD stays in the delegate.
		x = e.padTo(x, w.before, w.after)
	default:
		y := e.temp(x, paddedDims(e.m.Tensors[x].Shape, w.before, w.after))
		low, err := e.lowest(x)
		if err != nil {
			return err
		}
		e.op(fb.PadV2, nil, []int{x, e.paddings(w.before, w.after), low}, y)
		x = y
	}
	y, err := e.resultRows(e.inQuant(0))
	if err != nil {
		return err
	}
	e.op(fb.MaxPool2D, w.poolOptions(padding), []int{x}, y)
	e.finishRows(y, w.lifted)
	return nil
}

// zeroIsLowest reports whether the smallest integer of tensor x stands for zero.
func (e *emitter) zeroIsLowest(x int) bool {
	t := e.m.Tensors[x]
	q := quantOf(t.Quant)
	return t.Type == fb.Int8 && q != nil && q.zero == -128
}

// lowest is the smallest value of tensor x's type, for padding under a maximum.
func (e *emitter) lowest(x int) (int, error) {
	switch t := e.m.Tensors[x]; t.Type {
	case fb.Int8:
		return e.addConst(tensor.Scalar(int8(-128)), nil, t.Quant)
	case fb.Uint8:
		return e.addConst(tensor.Scalar(uint8(0)), nil, t.Quant)
	}
	return e.scalar(-math.MaxFloat32), nil
}

// notNegative reports whether v is known to be at least zero.
func notNegative(v *ir.Value, depth int) bool {
	n := v.Node()
	if n == nil || depth == 0 {
		return false
	}
	switch n.Op {
	case "Relu", "Sigmoid", "HardSigmoid", "Softmax", "Abs", "Exp", "Sqrt":
		return true
	case "Clip":
		lo, _, ok := clipLimits(n)
		return ok && lo >= 0
	case "MaxPool", "AveragePool", "GlobalAveragePool", "Identity", "Transpose", "Reshape", "DequantizeLinear", "QuantizeLinear":
		return notNegative(n.In(0), depth-1)
	case "Concat", "Add":
		for _, i := range n.Inputs {
			if i == nil || !notNegative(i, depth-1) {
				return false
			}
		}
		return true
	}
	return false
}

// int8AveragePool: an int8 pool has no kernel for divisors that differ by place.
func int8AveragePool(n *ir.Node) bool {
	w, why := poolWindow(n)
	if why != "" {
		return false
	}
	if w.unpadded() {
		return true
	}
	return n.Int("count_include_pad", 0) == 0 && w.isSame(dims4(n.In(0)))
}

// dims4 is a value's shape as [N,H,W,C].
func dims4(v *ir.Value) []int32 {
	d := dimsOf(v.Shape, layout.Last(v.Rank()))
	if len(d) == 3 {
		d = []int32{d[0], 1, d[1], d[2]}
	}
	return d
}

func emitAveragePool(e *emitter) error {
	w, x, err := e.windowed(poolWindow(e.n))
	if err != nil {
		return err
	}
	dims := e.m.Tensors[x].Shape
	include := e.n.Int("count_include_pad", 0) != 0
	if w.same && include {
		w = w.explicit(dims, e.n.Str("auto_pad", "") == "SAME_LOWER")
	}
	padding := fb.Valid
	var fix []float32
	switch {
	case w.unpadded():
	case !include && w.isSame(dims):
		padding = fb.Same
	default:
		// Zeros are averaged too; the result is scaled to the true divisor.
		fix = w.divisors(dims, e.n, include)
		x = e.padTo(x, w.before, w.after)
	}
	y, err := e.resultRows(e.inQuant(0))
	if err != nil {
		return err
	}
	e.op(fb.AveragePool2D, w.poolOptions(padding), []int{x}, y)
	if fix != nil {
		out := e.m.Tensors[y].Shape
		z := e.temp(y, out)
		e.op(fb.Mul, fb.MulOptions{}, []int{y, e.floats(fix, 1, int(out[1]), int(out[2]), 1)}, z)
		y = z
	}
	e.finishRows(y, w.lifted)
	return nil
}

// explicit is w with the padding that SAME means for an operand of dims.
func (w window) explicit(dims []int32, lower bool) window {
	w.same = false
	for i := range w.stride {
		in := int(dims[1+i])
		total := max(((in+w.stride[i]-1)/w.stride[i]-1)*w.stride[i]+w.kernel[i]-in, 0)
		w.before[i] = total / 2
		if lower {
			w.before[i] = total - total/2
		}
		w.after[i] = total - w.before[i]
	}
	return w
}

// divisors are the factors, one an output place, from a mean over the whole
// window to the mean that the operator asks for; nil where all are one.
func (w window) divisors(dims []int32, n *ir.Node, include bool) []float32 {
	pads := n.Ints("pads")
	out := dims4(n.Out(0))
	count := func(axis, o int) int {
		lo, hi := 0, int(dims[1+axis])
		if include {
			lo = -w.before[axis]
			after := 0
			if strings.HasPrefix(n.Str("auto_pad", ""), "SAME") {
				after = w.after[axis]
			}
			if rank := len(pads) / 2; rank > 0 && axis >= 2-rank {
				after = int(pads[rank+axis-(2-rank)])
			}
			hi += after
		}
		start := o*w.stride[axis] - w.before[axis]
		return min(start+w.kernel[axis], hi) - max(start, lo)
	}
	fix := make([]float32, 0, out[1]*out[2])
	same := true
	for y := range int(out[1]) {
		for x := range int(out[2]) {
			c := count(0, y) * count(1, x)
			f := float32(float64(w.kernel[0]*w.kernel[1]) / float64(max(c, 1)))
			same = same && f == 1
			fix = append(fix, f)
		}
	}
	if same {
		return nil
	}
	return fix
}
