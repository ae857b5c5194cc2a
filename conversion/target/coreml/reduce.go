package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var reduceOps = map[string]spelling{
	"ReduceMean": reduction("reduce_mean"), "ReduceSum": reduction("reduce_sum"), "ReduceMax": reduction("reduce_max"),
	"ReduceMin": reduction("reduce_min"), "ReduceProd": reduction("reduce_prod"), "ReduceL1": reduction("reduce_l1_norm"),
	"ReduceL2": reduction("reduce_l2_norm"), "ReduceSumSquare": reduction("reduce_sum_square"),
	"ReduceLogSum": reduction("reduce_log_sum"), "ReduceLogSumExp": reduction("reduce_log_sum_exp"),
	"ArgMax": {legalArg, emitArg("reduce_argmax")}, "ArgMin": {legalArg, emitArg("reduce_argmin")},
	"TopK":   {all(wide, needFixed(1)), emitTopK},
	"CumSum": {all(wide, needFixed(1)), emitCumSum},
}

func reduction(typ string) spelling {
	return spelling{all(wide, needFixed(1), legalReduce), func(e *emitter, n *ir.Node) { emitReduce(e, n, typ) }}
}

func legalReduce(n *ir.Node) string {
	if d := n.In(0).DType; d.IsInt() && !slices.Contains([]string{"ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1"}, n.Op) {
		return n.Op + " of " + d.String() + " has no equivalent"
	}
	if (noop(n) || n.In(0).Rank() == 0) && !slices.Contains([]string{"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"}, n.Op) {
		return n.Op + " over no axes has no equivalent"
	}
	return ""
}

// noop reports whether n reduces no axis at all.
func noop(n *ir.Node) bool {
	v := n.In(1)
	return n.Int("noop_with_empty_axes", 0) != 0 && (v == nil || len(v.Shape) == 1 && v.Shape[0].Is(0))
}

func emitReduce(e *emitter, n *ir.Node, typ string) {
	x := e.number(e.in(0))
	if noop(n) || len(x.shape) == 0 {
		e.back(x)
		return
	}
	axes := list64(e.ints(1))
	for i, a := range axes {
		axes[i] = axis(int64(a), len(x.shape))
	}
	slices.Sort(axes)
	if len(axes) == 0 {
		for i := range x.shape {
			axes = append(axes, i)
		}
	}
	p := e.op(typ, x.dtype, shapeOf(n.Out(0)), in("x", x), ints("axes", axes...), flag("keep_dims", n.Int("keepdims", 1) != 0))
	e.back(p)
}

func legalArg(n *ir.Node) string {
	if n.Int("select_last_index", 0) != 0 {
		return n.Op + " that picks the last of equal elements has no equivalent"
	}
	return ""
}

func emitArg(typ string) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		x := e.in(0)
		e.final(typ, in("x", x), num("axis", axis(n.Int("axis", 0), len(x.shape))), flag("keep_dims", n.Int("keepdims", 1) != 0))
	}
}

func emitTopK(e *emitter, n *ir.Node) {
	x, k := e.in(0), e.ints(1)
	if len(k) != 1 {
		e.fail("the number of elements is not one")
		return
	}
	s := shapeOf(n.Out(0))
	if n.Out(0) == nil {
		s = shapeOf(n.Out(1))
	}
	outs := []val{{dtype: x.dtype, shape: s}, {dtype: tensor.Int32, shape: s}}
	for i := range outs {
		if v := n.Out(i); v != nil {
			outs[i].name = e.nameOf(v)
			e.vals[v] = outs[i]
		} else {
			outs[i].name = e.unique(e.cur.Name + "_unused")
		}
	}
	e.append("topk", outs, in("x", x), num("k", int(k[0])), num("axis", axis(n.Int("axis", -1), len(x.shape))),
		flag("ascending", n.Int("largest", 1) == 0), flag("sort", true), flag("return_indices", true))
}

func emitCumSum(e *emitter, n *ir.Node) {
	x, a := e.in(0), e.ints(1)
	if len(a) != 1 {
		e.fail("the number of axes is not one")
		return
	}
	e.final("cumsum", in("x", x), num("axis", axis(a[0], len(x.shape))), flag("exclusive", n.Int("exclusive", 0) != 0), flag("reverse", n.Int("reverse", 0) != 0))
}
