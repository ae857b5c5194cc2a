package coreml

import (
	"slipway/conversion/ir"
)

var poolOps = map[string]spelling{
	"MaxPool":           {all(floats, ranks(3, 5), legalPool), emitMaxPool},
	"AveragePool":       {all(floats, ranks(3, 5), legalPool), emitAveragePool},
	"GlobalAveragePool": {all(floats, ranks(3, 5)), globalPool("reduce_mean")},
	"GlobalMaxPool":     {all(floats, ranks(3, 5)), globalPool("reduce_max")},
}

func legalPool(n *ir.Node) string {
	for _, d := range n.Ints("dilations") {
		if d != 1 {
			return n.Op + " with dilations has no equivalent"
		}
	}
	if v := n.Out(1); v != nil {
		return "MaxPool that also gives indices has no equivalent"
	}
	if n.Op == "AveragePool" && n.Int("ceil_mode", 0) != 0 && n.Int("count_include_pad", 0) != 0 {
		return "AveragePool that counts padding and rounds up has no equivalent"
	}
	return ""
}

func (e *emitter) pool(n *ir.Node) (val, []arg) {
	x := e.in(0)
	w := windowOf(n, list64(n.Ints("kernel_shape")), x.shape[2:], shapeOf(n.Out(0))[2:])
	return x, []arg{in("x", x), ints("kernel_sizes", w.kernel...), ints("strides", w.strides...), word("pad_type", "custom"), ints("pad", w.pad()...)}
}

func emitMaxPool(e *emitter, n *ir.Node) {
	_, args := e.pool(n)
	e.final("max_pool", append(args, flag("ceil_mode", false))...)
}

func emitAveragePool(e *emitter, n *ir.Node) {
	_, args := e.pool(n)
	e.final("avg_pool", append(args, flag("exclude_padding_from_average", n.Int("count_include_pad", 0) == 0), flag("ceil_mode", false))...)
}

func globalPool(typ string) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		var axes []int
		for i := 2; i < rank(n, 0); i++ {
			axes = append(axes, i)
		}
		e.final(typ, in("x", e.in(0)), ints("axes", axes...), flag("keep_dims", true))
	}
}
