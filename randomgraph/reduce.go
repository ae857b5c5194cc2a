package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var reductions = map[string]generator{
	"ReduceSum": reduce(numbers), "ReduceMean": reduce(numbers), "ReduceMax": reduce(numbers), "ReduceMin": reduce(numbers),
	"ReduceProd": reduce(floats), "ReduceL1": reduce(numbers), "ReduceL2": reduce(floats), "ReduceSumSquare": reduce(numbers),
	"ReduceLogSum": reduce(floats), "ReduceLogSumExp": reduce(floats),
	"ArgMax": arg, "ArgMin": arg,
	"CumSum": cumulate, "CumProd": cumulate,
}

func reduce(types []tensor.DType) generator {
	return func(d *drawer) *draft {
		x := d.some(types, 0, 5)
		f := &draft{in: []*ir.Value{x}, attrs: flags("keepdims")(d)}
		rank := d.value(x).Rank()
		switch {
		case d.chance(5):
			if d.chance(3) {
				f.attrs["noop_with_empty_axes"] = d.flag()
			}
		case rank > 0:
			f.in = append(f.in, d.list(d.axes(rank, 1)...))
		}
		return f
	}
}

func arg(d *drawer) *draft {
	x := d.some(numbers, 1, 5)
	attrs := flags("keepdims", "select_last_index")(d)
	if !d.chance(3) {
		attrs["axis"] = d.axis(d.value(x).Rank())
	}
	return &draft{in: []*ir.Value{x}, attrs: attrs}
}

func cumulate(d *drawer) *draft {
	x := d.some(numbers, 1, 4)
	a := d.axis(d.value(x).Rank())
	return &draft{in: []*ir.Value{x, d.param([]int64{a})}, attrs: flags("exclusive", "reverse")(d)}
}
