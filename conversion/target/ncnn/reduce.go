package ncnn

import (
	"slices"

	"slipway/conversion/ir"
)

// Reduction's operations.
var reduceOps = map[string]spelling{
	"ReduceSum": reduce(0), "ReduceSumSquare": reduce(2), "ReduceMean": reduce(3), "ReduceMax": reduce(4), "ReduceMin": reduce(5),
	"ReduceProd": reduce(6), "ReduceL1": reduce(7), "ReduceL2": reduce(8), "ReduceLogSum": reduce(9), "ReduceLogSumExp": reduce(10),
}

func reduce(op int) spelling {
	return func(e *emitter, n *ir.Node) string {
		d := full(n.In(0))
		var axes []int
		if v := n.In(1); v != nil {
			a, ok := known(v)
			if !ok {
				return "needs constant axes"
			}
			axes = a
		}
		if len(axes) == 0 && n.Int("noop_with_empty_axes", 0) == 0 {
			for k := range d {
				axes = append(axes, k)
			}
		}
		gone := make([]bool, len(d))
		several := false
		for _, a := range axes {
			a = axis(a, len(d))
			gone[a] = true
			several = several || d[a] != 1
		}
		if !several {
			e.ofOne(op, n)
			return ""
		}
		dims, flags, ok := reduced(n.In(0), gone)
		if !ok {
			return "reduces axes between others: more than four dimensions are left where neighbours are joined"
		}
		in := e.as(n.In(0), dims...)
		if op == 3 && len(dims) == 3 && slices.Equal(flags, []bool{false, true, true}) {
			e.set(n.Out(0), e.add("Pooling", []*blob{in}, dims[:1], num(0, 1), num(4, 1)))
			return ""
		}
		out, list := slices.Clone(dims), []int{}
		for k := range dims {
			if flags[k] {
				out[k] = 1
				list = append(list, k)
			}
		}
		e.set(n.Out(0), e.add("Reduction", []*blob{in}, out, num(0, op), num(1, 0), ints(3, list), num(4, 1), num(5, 1)))
		return ""
	}
}

// ofOne writes a reduction of single elements, as over a batch of 1, which Reduction
// cannot name: what it makes of one number.
func (e *emitter) ofOne(op int, n *ir.Node) {
	x := e.in(n.In(0))
	switch op {
	case 2:
		x = e.add("UnaryOp", []*blob{x}, x.dims, num(0, 4)) // square
	case 7, 8:
		x = e.add("UnaryOp", []*blob{x}, x.dims, num(0, 0)) // absolute value
	case 9:
		x = e.add("UnaryOp", []*blob{x}, x.dims, num(0, 8)) // logarithm
	}
	e.set(n.Out(0), x)
}

// reduced are dimensions in which v can be reduced, and which of them are.
func reduced(v *ir.Value, gone []bool) (dims []int, flags []bool, ok bool) {
	d := full(v)
	if drop, same := dropped(v); same {
		return d[drop:], append([]bool{}, gone[drop:]...), slices.Contains(gone[drop:], true)
	}
	for k, x := range d {
		if x == 1 {
			continue
		}
		if len(dims) > 0 && flags[len(flags)-1] == gone[k] {
			dims[len(dims)-1] *= x
			continue
		}
		dims, flags = append(dims, x), append(flags, gone[k])
	}
	return dims, flags, len(dims) <= 4 && slices.Contains(flags, true)
}
