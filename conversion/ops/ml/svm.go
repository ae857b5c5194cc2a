package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// kernel compares rows with support vectors [count,columns] as the node's
// kernel_type says; the result is [rows,count].
func (l *lowering) kernel(x *ir.Value, vectors []float64, count int) *ir.Value {
	kind := l.Str("kernel_type", "LINEAR")
	p := l.list("kernel_params")
	if kind != "LINEAR" && len(p) != 3 {
		l.fail("kernel %s has %d parameters, not 3", kind, len(p))
	}
	if l.err != nil || count == 0 || len(vectors)%count != 0 {
		l.fail("%d numbers are no %d support vectors", len(vectors), count)
		return nil
	}
	v := l.numbers(vectors, count, len(vectors)/count)
	if kind == "RBF" {
		// Differences, as the expanded square loses what is nearly equal.
		apart := l.op("Sub", nil, l.op("Unsqueeze", nil, x, l.IntsConst([]int64{1})), v)
		square := l.op("ReduceSumSquare", ir.Attrs{"keepdims": int64(0)}, apart, l.IntsConst([]int64{2}))
		return l.op("Exp", nil, l.op("Mul", nil, square, l.number(-p[0])))
	}
	dot := l.op("Gemm", ir.Attrs{"transB": int64(1)}, x, v)
	if kind == "LINEAR" {
		return dot
	}
	at := l.op("Add", nil, l.op("Mul", nil, dot, l.number(p[0])), l.number(p[1]))
	switch kind {
	case "POLY":
		return l.op("Pow", nil, at, l.number(p[2]))
	case "SIGMOID":
		return l.op("Tanh", nil, at)
	}
	l.fail("kernel_type %s is not known", kind)
	return nil
}

var svmRegressorDef = lowered("SVMRegressor", "Adds up how like each row is to the support vectors, each times its coefficient.", op.In("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		x, w, rho := l.rows(0), l.list("coefficients"), l.list("rho")
		count := int(l.Int("n_supports", 0))
		vectors := l.list("support_vectors")
		if len(rho) == 0 {
			l.fail("lacks rho")
			return nil
		}
		var y *ir.Value
		if count > 0 {
			y = l.linear(l.kernel(x, vectors, count), w, rho[:1])
		} else {
			l.list("kernel_params")
			l.Str("kernel_type", "LINEAR")
			y = l.linear(x, w, rho[:1])
		}
		if l.Int("one_class", 0) != 0 { // 1 for what is like the rest, else -1
			inside := l.op("Where", nil, l.op("Greater", nil, y, l.number(0)), l.number(1), l.number(-1))
			y = inside
		}
		if kind := l.Str("post_transform", "NONE"); kind != "NONE" {
			l.fail("post_transform %s of a regression is not understood", kind)
		}
		return []*ir.Value{y}
	})
