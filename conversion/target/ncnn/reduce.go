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
		dims, flags := reduced(n.In(0), gone)
		if len(dims) > 4 {
			if op != 0 && (op < 3 || op > 6) {
				return "reduces axes between others: more than four dimensions are left where neighbours are joined"
			}
			e.set(n.Out(0), e.reduceEach(op, e.in(n.In(0)), dims, flags))
			return ""
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

// reduceEach reduces a blob of more dimensions than ncnn has, one axis after the
// other: for sums, means, extremes and products.
func (e *emitter) reduceEach(op int, b *blob, dims []int, gone []bool) *blob {
	dims = slices.Clone(dims)
	for k := range dims {
		if gone[k] {
			b = e.reshape(b, []int{count(dims[:k]), dims[k], count(dims[k+1:])})
			dims[k] = 1
			b = e.add("Reduction", []*blob{b}, []int{b.dims[0], 1, b.dims[2]}, num(0, op), num(1, 0), ints(3, []int{1}), num(4, 1), num(5, 1))
		}
	}
	return b
}

// reduced are dimensions in which v can be reduced, and which of them are; where
// they are not those of its blob neighbours are joined.
func reduced(v *ir.Value, gone []bool) (dims []int, flags []bool) {
	d := full(v)
	if at := places(d); slices.ContainsFunc(at, func(k int) bool { return k >= 0 }) {
		dims = natural(d)
		flags = make([]bool, len(dims))
		for k, p := range at {
			if p >= 0 {
				flags[p] = gone[k]
			}
		}
		return dims, flags
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
	return dims, flags
}
