package openvino

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var poolOps = map[string]spelling{
	"MaxPool":           {legalPool, emitMaxPool},
	"AveragePool":       {legalAveragePool, emitAveragePool},
	"GlobalAveragePool": {needRank, globalPool("ReduceMean")},
	"GlobalMaxPool":     {needRank, globalPool("ReduceMax")},
}

func legalPool(n *ir.Node) string {
	if r := rank(n, 0); r < 3 || r > 5 {
		return n.Op + " needs an input of rank 3 to 5"
	}
	if n.Int("storage_order", 0) != 0 && n.Out(1) != nil {
		return "MaxPool indices in column-major order have no equivalent"
	}
	return ""
}

func legalAveragePool(n *ir.Node) string {
	for _, d := range n.Ints("dilations") {
		if d != 1 {
			return "AveragePool with dilations has no equivalent"
		}
	}
	if n.Int("ceil_mode", 0) != 0 && n.Int("count_include_pad", 0) != 0 && slices.ContainsFunc(n.Ints("pads"), func(p int64) bool { return p != 0 }) {
		return "AveragePool that counts its padding would count what its last window reaches beyond, too"
	}
	return legalPool(n)
}

// rounding: ONNX drops a last window that would start in the padding, which is
// what ceil_torch does and ceil does not.
func rounding(n *ir.Node) (mode, version string) {
	if n.Int("ceil_mode", 0) != 0 {
		return "ceil_torch", "opset14"
	}
	return "floor", "opset1"
}

func emitMaxPool(e *emitter, n *ir.Node) {
	spatial := rank(n, 0) - 2
	mode, version := rounding(n)
	dilated := false
	for _, d := range n.Ints("dilations") {
		dilated = dilated || d != 1
	}
	outs, indices := 1, n.Out(1)
	if dilated || indices != nil || version != "opset1" {
		outs = 2
		if version == "opset1" {
			version = "opset8"
		}
	}
	data := append(window(n, spatial, outs == 2), attr{"kernel", ints(n.Ints("kernel_shape"))}, attr{"rounding_type", mode})
	if outs == 1 {
		e.final("MaxPool", version, data, e.in(0))
		return
	}
	data = append(data, attr{"index_element_type", "i64"}, attr{"axis", "0"})
	p := e.opN("MaxPool", version, 2, data, e.in(0))
	p.typed(n.Out(0).DType, n.Out(0).Shape)
	port{p.l, 1}.typed(tensor.Int64, n.Out(0).Shape)
	e.finish(p)
	e.bind(indices, port{p.l, 1})
}

func emitAveragePool(e *emitter, n *ir.Node) {
	mode, version := rounding(n)
	data := append(window(n, rank(n, 0)-2, false), attr{"kernel", ints(n.Ints("kernel_shape"))}, attr{"rounding_type", mode},
		attr{"exclude-pad", boolean(n.Int("count_include_pad", 0) == 0)})
	e.final("AvgPool", version, data, e.in(0))
}

func globalPool(typ string) func(*emitter, *ir.Node) {
	return func(e *emitter, n *ir.Node) {
		var axes []int64
		for i := 2; i < rank(n, 0); i++ {
			axes = append(axes, int64(i))
		}
		p := e.op(typ, "opset1", n.Out(0).DType, n.Out(0).Shape, []attr{{"keep_dims", "true"}}, e.in(0), e.ints(axes...))
		e.finish(e.apart(n, p))
	}
}
