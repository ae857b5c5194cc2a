package tflite

import (
	"fmt"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var reduceSpellings = map[string]spelling{
	"ReduceMean": {legal: legalReduce, emit: emitReduce(fb.Mean), int8: always},
	// No int8: the runtime's integer SUM is wrong (LiteRT 2.3).
	"ReduceSum":  {legal: legalReduce, emit: emitReduce(fb.Sum)},
	"ReduceMax":  {legal: legalReduce, emit: emitReduce(fb.ReduceMax), int8: always},
	"ReduceMin":  {legal: legalReduce, emit: emitReduce(fb.ReduceMin), int8: always},
	"ReduceProd": {legal: legalReduce, emit: emitReduce(fb.ReduceProd)},
	"CumSum":     {legal: legalCumSum, emit: emitCumSum},
	"TopK":       {legal: legalTopK, emit: emitTopK},
	"ArgMax":     {legal: legalArg, emit: emitArg},
	"ArgMin":     {legal: legalArg, emit: emitArg},
}

func legalReduce(n *ir.Node) string {
	switch n.In(0).DType {
	case tensor.Float32, tensor.Int32, tensor.Int64:
	default:
		return noKernel(n.In(0).DType)
	}
	if n.Op == "ReduceMean" && n.In(0).DType == tensor.Int64 {
		return "element type i64"
	}
	if _, ok := layout.ReducedAxes(n); !ok {
		return "axes that are not constant"
	}
	return ""
}

func emitReduce(code fb.Code) func(*emitter) error {
	return func(e *emitter) error {
		axes, ok := layout.ReducedAxes(e.n)
		if !ok {
			return fmt.Errorf("axes are not constant")
		}
		if len(axes) == 0 {
			return emitIdentity(e)
		}
		x, err := e.in(0)
		if err != nil {
			return err
		}
		order := e.inOrder(0)
		stored := make([]int32, len(axes))
		for i, a := range axes {
			stored[i] = int32(order.Axis(a))
		}
		q := e.outQuant(0)
		if code == fb.ReduceMax || code == fb.ReduceMin {
			q = e.inQuant(0)
		}
		out := e.outOrder(0)
		y, err := e.tensor("", e.outs[0].DType, dimsOf(e.outs[0].Shape, out), q)
		if err != nil {
			return err
		}
		e.op(code, fb.ReducerOptions{KeepDims: e.n.Int("keepdims", 1) != 0}, []int{x, e.int32s(stored)}, y)
		e.set(0, y, out)
		return nil
	}
}

func legalArg(n *ir.Node) string {
	switch {
	case n.Int("select_last_index", 0) != 0:
		return "the last index among equals"
	case n.In(0).DType != tensor.Float32 && n.In(0).DType != tensor.Int32:
		return noKernel(n.In(0).DType)
	case n.Int("keepdims", 1) != 0 && unknowns(dimsOf(n.Out(0).Shape, nil)) > 1:
		return "a kept dimension beside more than one unknown one"
	}
	return ""
}

// emitArg writes ARG_MAX or ARG_MIN, whose result lacks the axis.
func emitArg(e *emitter) error {
	axes, ok := layout.ReducedAxes(e.n)
	if !ok {
		return fmt.Errorf("rank is not known")
	}
	x, err := e.in(0)
	if err != nil {
		return err
	}
	axis := e.inOrder(0).Axis(axes[0])
	code, opts := fb.ArgMax, fb.Options(fb.ArgMaxOptions{Output: fb.Int64})
	if e.n.Op == "ArgMin" {
		code, opts = fb.ArgMin, fb.ArgMinOptions{Output: fb.Int64}
	}
	order := e.outOrder(0)
	dims := dimsOf(e.outs[0].Shape, order)
	keep := e.n.Int("keepdims", 1) != 0
	short := dims
	if keep {
		short = append(append([]int32{}, dims[:axis]...), dims[axis+1:]...)
	}
	y, err := e.tensor("", tensor.Int64, short, nil)
	if err != nil {
		return err
	}
	at, _ := e.addConst(tensor.Of([]int32{int32(axis)}, 1), nil, nil)
	e.op(code, opts, []int{x, at}, y)
	if keep {
		y = e.reshape(y, dims)
	}
	e.set(0, y, order)
	return nil
}

func legalCumSum(n *ir.Node) string {
	if _, ok := n.In(1).ConstScalar(); !ok {
		return "an axis that is not constant"
	}
	switch d := n.In(0).DType; d {
	case tensor.Float32, tensor.Int32, tensor.Int64:
		return ""
	default:
		return noKernel(d)
	}
}

func emitCumSum(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	axis, _ := e.n.In(1).ConstScalar()
	if axis < 0 {
		axis += float64(e.n.In(0).Rank())
	}
	order := e.inOrder(0)
	at, err := e.addConst(tensor.Scalar(int32(order.Axis(int(axis)))), nil, nil)
	if err != nil {
		return err
	}
	return e.out1(fb.Cumsum, fb.CumsumOptions{Exclusive: e.n.Int("exclusive", 0) != 0, Reverse: e.n.Int("reverse", 0) != 0}, order, x, at)
}

func legalTopK(n *ir.Node) string {
	if _, ok := n.In(1).ConstScalar(); !ok {
		return "a number of elements that is not constant"
	}
	if n.In(0).DType == tensor.Int64 {
		return ""
	}
	return floatOrInt32(n)
}

// turnedOver is x in the opposite order: -x, of integers -1-x, which they all have.
func (e *emitter) turnedOver(x int) (int, error) {
	dims := e.m.Tensors[x].Shape
	all := tensor.Scalar(int64(-1))
	switch e.m.Tensors[x].Type {
	case fb.Float32:
		return e.unary(fb.Neg, x), nil
	case fb.Int32:
		all = tensor.Scalar(int32(-1))
	}
	ones, err := e.constant(all, nil)
	return e.binary(fb.Sub, ones, x, dims), err
}

// emitTopK writes TOPK_V2, which works along the last axis and gives int32
// indices.
func emitTopK(e *emitter) error {
	x, err := e.read(e.n.In(0), nil, false)
	if err != nil {
		return err
	}
	rank := e.n.In(0).Rank()
	swap := swapLast(axisOf(e.n, -1, rank), rank)
	e.noteSwap(x, swap)
	x = e.permute(x, swap)
	smallest := e.n.Int("largest", 1) == 0
	if smallest {
		if x, err = e.turnedOver(x); err != nil {
			return err
		}
	}
	k, _ := e.n.In(1).ConstScalar()
	count, err := e.addConst(tensor.Scalar(int32(k)), nil, nil)
	if err != nil {
		return err
	}
	dims := append([]int32{}, e.m.Tensors[x].Shape...)
	dims[rank-1] = int32(k)
	values := e.temp(x, dims)
	indices, err := e.tensor("", tensor.Int32, dims, nil)
	if err != nil {
		return err
	}
	e.op(fb.TopKV2, nil, []int{x, count}, values, indices)
	if smallest {
		if values, err = e.turnedOver(values); err != nil {
			return err
		}
	}
	e.set(0, e.permute(values, swap), nil)
	if e.n.Out(1) == nil {
		return nil
	}
	wide, err := e.tensor("", tensor.Int64, dims, nil)
	if err != nil {
		return err
	}
	e.op(fb.Cast, fb.CastOptions{In: fb.Int32, Out: fb.Int64}, []int{indices}, wide)
	e.set(1, e.permute(wide, swap), nil)
	return nil
}

// swapLast exchanges an axis with the last one.
func swapLast(axis, rank int) layout.Perm {
	p := make(layout.Perm, rank)
	for i := range p {
		p[i] = i
	}
	if rank > 0 {
		p[axis], p[rank-1] = rank-1, axis
	}
	return p
}

// noteSwap gives the reason where tensor x is transposed because the operator
// works along the last axis alone.
func (e *emitter) noteSwap(x int, swap layout.Perm) {
	if swap.IsIdentity() {
		return
	}
	e.findings = append(e.findings, diag.Infof("tflite.transpose", "%s %q works along the last axis: its operand of %v and its result are transposed",
		e.n.Op, e.n.Name, e.m.Tensors[x].Shape).At(e.n.Name))
}
