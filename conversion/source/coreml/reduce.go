package coreml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var reduceReaders = map[string]func(*reader){
	"reduce_mean": reduction("ReduceMean"), "reduce_sum": reduction("ReduceSum"), "reduce_max": reduction("ReduceMax"),
	"reduce_min": reduction("ReduceMin"), "reduce_prod": reduction("ReduceProd"), "reduce_l1_norm": reduction("ReduceL1"),
	"reduce_l2_norm": reduction("ReduceL2"), "reduce_sum_square": reduction("ReduceSumSquare"),
	"reduce_log_sum": reduction("ReduceLogSum"), "reduce_log_sum_exp": reduction("ReduceLogSumExp"),
	"reduce_argmax": arg("ArgMax"), "reduce_argmin": arg("ArgMin"),
	"topk": readTopK,
	"cumsum": func(r *reader) {
		axis := r.g.AddConst("axis", tensor.Scalar(r.int("axis", 0)))
		r.final("CumSum", ir.Attrs{"exclusive": number(r.flag("exclusive", false)), "reverse": number(r.flag("reverse", false))}, r.v("x"), axis)
	},
}

func number(f bool) int64 {
	if f {
		return 1
	}
	return 0
}

func reduction(name string) func(*reader) {
	return func(r *reader) {
		inputs := []*ir.Value{r.v("x")}
		if axes := r.ints("axes"); axes != nil {
			inputs = append(inputs, r.constInts(axes...))
		}
		r.final(name, ir.Attrs{"keepdims": number(r.flag("keep_dims", false))}, inputs...)
	}
}

func arg(name string) func(*reader) {
	return func(r *reader) {
		i := r.node(name, ir.Attrs{"axis": r.int("axis", -1), "keepdims": number(r.flag("keep_dims", false))}, r.v("x"))
		r.final("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int32)}, i)
	}
}

func readTopK(r *reader) {
	if !r.flag("return_indices", true) || len(r.o.Outputs) != 2 {
		r.fail("without indices is not read")
		return
	}
	attrs := ir.Attrs{"axis": r.int("axis", -1), "largest": 1 - number(r.flag("ascending", false)), "sorted": number(r.flag("sort", true))}
	values, indices := r.o.Outputs[0].Name, r.o.Outputs[1].Name
	out := r.nodes("TopK", attrs, []*ir.Value{r.v("x"), r.constInts(r.int("k", 1))}, values, indices+"/64")
	r.vals[values] = out[0]
	r.vals[indices] = r.nodes("Cast", ir.Attrs{"to": op.ONNXType(tensor.Int32)}, out[1:], indices)[0]
}
