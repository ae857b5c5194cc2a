package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// sweeps is how often every class's probability is renewed. Rows end sooner, by
// the rule below: of random and of contradictory scores of 2 to 20 classes none
// took more than 4.
const sweeps = 6

// probabilities turns scores [rows,pairs] into a probability of each class,
// [rows,classes], as libsvm and ONNX Runtime do: Platt's sigmoid makes a
// probability of each score, and those of the classes are what fits all pairs
// best, found by renewing one class after the other until the largest residual of
// a row is less than 0.005/classes (Wu, Lin, Weng: Probability Estimates for
// Multi-class Classification by Pairwise Coupling, algorithm 2).
func (l *lowering) probabilities(scores *ir.Value, a, b []float64, n int) *ir.Value {
	pairs := n * (n - 1) / 2
	if len(a) != pairs || len(b) != pairs {
		l.fail("%d prob_a and %d prob_b do not fit %d classes", len(a), len(b), n)
		return nil
	}
	const limit = 1e-7
	first := l.op("Sigmoid", nil, l.op("Neg", nil, l.op("Add", nil, l.op("Mul", nil, scores, l.numbers(a, pairs)), l.numbers(b, pairs))))
	first = l.op("Clip", nil, first, l.scalar(limit), l.scalar(1-limit))
	one := l.op("Gather", ir.Attrs{"axis": int64(1)}, first, l.IntsConst([]int64{0}))
	none := l.op("Sub", nil, one, one)
	all := l.beside(first, l.op("Sub", nil, l.number(1), first), none)

	// r[i,j] is how likely i is where it is i or j; with r beside its transpose
	// Q[i,i] = Σ r[j,i]², Q[i,j] = -r[j,i]·r[i,j].
	places, turned, eye := make([]int64, n*n), make([]int64, n*n), make([]float64, n*n)
	pair := 0
	for i := range n {
		places[i*n+i], turned[i*n+i], eye[i*n+i] = int64(2*pairs), int64(2*pairs), 1
		for j := i + 1; j < n; j++ {
			places[i*n+j], places[j*n+i] = int64(pair), int64(pairs+pair)
			turned[j*n+i], turned[i*n+j] = int64(pair), int64(pairs+pair)
			pair++
		}
	}
	at := func(v []int64) *ir.Value {
		return l.op("Gather", ir.Attrs{"axis": int64(1)}, all, l.Const(tensor.Of(v, n, n)))
	}
	r, t := at(places), at(turned)
	diagonal := l.op("ReduceSum", ir.Attrs{"keepdims": int64(1)}, l.op("Mul", nil, r, r), l.IntsConst([]int64{1}))
	q := l.op("Sub", nil, l.op("Mul", nil, diagonal, l.numbers(eye, 1, n, n)), l.op("Mul", nil, r, t))

	row := func(m *ir.Value, i int) *ir.Value {
		return l.op("Gather", ir.Attrs{"axis": int64(1)}, m, l.Const(tensor.Scalar(int64(i))))
	}
	element := func(m *ir.Value, i int) *ir.Value {
		return l.op("Gather", ir.Attrs{"axis": int64(1)}, m, l.IntsConst([]int64{int64(i)}))
	}
	lines, own, unit := make([]*ir.Value, n), make([]*ir.Value, n), make([]*ir.Value, n)
	for i := range n {
		lines[i] = row(q, i)
		own[i] = element(lines[i], i)
		unit[i] = l.numbers(eye[i*n:(i+1)*n], 1, n)
	}
	even := make([]float64, n)
	for i := range even {
		even[i] = 1 / float64(n)
	}
	p := l.op("Add", nil, none, l.numbers(even, 1, n))
	for range sweeps {
		qp := l.op("Squeeze", nil, l.op("MatMul", nil, q, l.op("Unsqueeze", nil, p, l.IntsConst([]int64{2}))), l.IntsConst([]int64{2}))
		pqp := l.op("ReduceSum", ir.Attrs{"keepdims": int64(1)}, l.op("Mul", nil, p, qp), l.IntsConst([]int64{1}))
		residual := l.op("ReduceMax", ir.Attrs{"keepdims": int64(1)}, l.op("Abs", nil, l.op("Sub", nil, qp, pqp)), l.IntsConst([]int64{1}))
		done := l.op("Less", nil, residual, l.number(0.005/float64(n)))
		now := p
		for i := range n {
			mine := element(qp, i)
			step := l.op("Div", nil, l.op("Sub", nil, pqp, mine), own[i])
			whole := l.op("Add", nil, step, l.number(1))
			more := l.op("Mul", nil, step, l.op("Add", nil, l.op("Mul", nil, step, own[i]), l.op("Mul", nil, mine, l.number(2))))
			pqp = l.op("Div", nil, l.op("Div", nil, l.op("Add", nil, pqp, more), whole), whole)
			qp = l.op("Div", nil, l.op("Add", nil, qp, l.op("Mul", nil, lines[i], step)), whole)
			now = l.op("Div", nil, l.op("Add", nil, now, l.op("Mul", nil, unit[i], step)), whole)
		}
		p = l.op("Where", nil, done, p, now)
	}
	return p
}

// scalar is a constant of float32 without dimensions.
func (l *lowering) scalar(v float64) *ir.Value { return l.Const(tensor.Scalar(float32(v))) }
