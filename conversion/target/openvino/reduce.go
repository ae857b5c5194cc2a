package openvino

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var reduceOps = map[string]spelling{
	"ReduceMean": {legalReduce, reduce("ReduceMean", "opset1")}, "ReduceSum": {legalReduce, reduce("ReduceSum", "opset1")},
	"ReduceMax": {legalExtremum, extremum("ReduceMax", math.Inf(-1))}, "ReduceMin": {legalExtremum, extremum("ReduceMin", math.Inf(1))},
	"ReduceProd": {legalReduce, reduce("ReduceProd", "opset1")},
	"ReduceL1":   {legalReduce, reduce("ReduceL1", "opset4")}, "ReduceL2": {legalReduce, reduce("ReduceL2", "opset4")},
	"ArgMax": {legalArg, emitArg("max")}, "ArgMin": {legalArg, emitArg("min")},
	"TopK":   {nil, emitTopK},
	"CumSum": {nil, emitCumSum},
}

func legalReduce(n *ir.Node) string {
	if noAxes(n) {
		return needRank(n)
	}
	if n.Int("keepdims", 1) == 0 && !n.In(1).IsConst() {
		return n.Op + " that drops axes needs constant axes"
	}
	return ""
}

// legalExtremum: over no elements the CPU plugin gives the outermost finite number
// and not infinity, so that the result is written where its size is known.
func legalExtremum(n *ir.Node) string {
	if _, ok := n.Out(0).Shape.Ints(); overNothing(n) && (!ok || n.In(0).DType != tensor.Float32) {
		return n.Op + " over no elements gives the largest finite number there, not infinity"
	}
	return legalReduce(n)
}

// overNothing reports whether an axis of the input is empty.
func overNothing(n *ir.Node) bool {
	return slices.ContainsFunc(n.In(0).Shape, func(d ir.Dim) bool { return d.Is(0) })
}

func extremum(typ string, start float64) func(*emitter, *ir.Node) {
	plain := reduce(typ, "opset1")
	return func(e *emitter, n *ir.Node) {
		dims, _ := n.Out(0).Shape.Ints()
		if !overNothing(n) || slices.Contains(dims, 0) {
			plain(e, n)
			return
		}
		shape := make([]int64, len(dims))
		for i, d := range dims {
			shape[i] = int64(d)
		}
		e.final("Broadcast", "opset3", []attr{{"mode", "numpy"}}, e.scalar(n.Out(0).DType, start), e.ints(shape...))
	}
}

// noAxes reports whether n names no axes.
func noAxes(n *ir.Node) bool {
	v := n.In(1)
	return v == nil || len(v.Shape) == 1 && v.Shape[0].Is(0)
}

// reduce: without axes ONNX reduces all of them, or none with
// noop_with_empty_axes.
func reduce(typ, version string) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		var a port
		// The plugin refuses to reduce what has no axes.
		switch noop := n.Int("noop_with_empty_axes", 0) != 0 || rank(n, 0) == 0; {
		case noAxes(n) && noop && (typ == "ReduceL1" || typ == "ReduceL2"):
			e.final("Abs", "opset1", nil, e.in(0))
			return
		case noAxes(n) && noop:
			e.finish(e.in(0))
			return
		case noAxes(n):
			a = e.ints(axesFrom(0, rank(n, 0))...)
		default:
			a = e.in(1)
		}
		// Truth values cannot be reduced natively.
		x, o := e.in(0), n.Out(0)
		if x.dtype() == tensor.Bool {
			x = e.convert(x, tensor.Int32)
		}
		p := e.op(typ, version, x.dtype(), o.Shape, []attr{{"keep_dims", boolean(n.Int("keepdims", 1) != 0)}}, x, a)
		e.finish(e.convert(e.apart(n, p), o.DType))
	}
}

func legalArg(n *ir.Node) string {
	if n.Int("select_last_index", 0) != 0 {
		return n.Op + " that picks the last of equal elements has no equivalent"
	}
	return ""
}

// emitArg writes a stable TopK of one element: of equal elements the first wins.
func emitArg(mode string) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		axis := n.Int("axis", 0)
		top := e.opN("TopK", "opset11", 2, []attr{
			{"axis", ints([]int64{axis})}, {"mode", mode}, {"sort", "value"}, {"index_element_type", "i64"}, {"stable", "true"},
		}, e.in(0), e.int(1))
		top.typed(n.In(0).DType, nil)
		p := port{top.l, 1}.typed(tensor.Int64, nil)
		if n.Int("keepdims", 1) == 0 {
			p = e.op("Squeeze", "opset1", tensor.Int64, n.Out(0).Shape, nil, p, e.ints(axis))
		}
		e.finish(p)
	}
}

func emitTopK(e *emitter, n *ir.Node) {
	mode, sort := "max", "value"
	if n.Int("largest", 1) == 0 {
		mode = "min"
	}
	stable := boolean(true)
	if n.Int("sorted", 1) == 0 {
		sort, stable = "none", boolean(false)
	}
	var k port
	if v, ok := n.In(1).ConstScalar(); ok {
		k = e.int(int64(v))
	} else {
		k = e.op("Squeeze", "opset1", n.In(1).DType, ir.Shape{}, nil, e.in(1), e.ints(0))
	}
	top := e.opN("TopK", "opset11", 2, []attr{
		{"axis", ints([]int64{n.Int("axis", -1)})}, {"mode", mode}, {"sort", sort}, {"index_element_type", "i64"}, {"stable", stable},
	}, e.in(0), k)
	top.typed(n.In(0).DType, nil)
	port{top.l, 1}.typed(tensor.Int64, nil)
	e.bind(n.Out(0), top)
	e.bind(n.Out(1), port{top.l, 1})
}

func emitCumSum(e *emitter, n *ir.Node) {
	e.final("CumSum", "opset3", []attr{
		{"exclusive", boolean(n.Int("exclusive", 0) != 0)}, {"reverse", boolean(n.Int("reverse", 0) != 0)},
	}, e.in(0), e.in(1))
}
