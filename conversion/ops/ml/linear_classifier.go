package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// multi_class has no meaning that a runtime knows.
var linearClassifierDef = lowered("LinearClassifier", "Scores classes by sums of columns and gives the best one's label.", op.In("X"), op.In("Y", "Z"),
	func(l *lowering) []*ir.Value {
		l.Int("multi_class", 0)
		labels := l.classes("classlabels_ints")
		scores := l.linear(l.rows(0), l.list("coefficients"), l.list("intercepts"))
		if l.err != nil {
			return nil
		}
		n, _ := columnsOf(scores)
		switch {
		case n == labels.Len():
			return []*ir.Value{l.pick(labels, l.best(scores)), l.after(scores)}
		case n == 1 && labels.Len() == 2:
			return []*ir.Value{l.pick(labels, l.above(scores, 0)), l.bothOf(scores)}
		}
		l.fail("%d scores for %d classes", n, labels.Len())
		return nil
	})

// bothOf makes the scores of two classes of that of the second.
func (l *lowering) bothOf(score *ir.Value) *ir.Value {
	switch kind := l.Str("post_transform", "NONE"); kind {
	case "NONE":
		return l.beside(l.op("Sub", nil, l.number(1), score), score)
	case "LOGISTIC":
		return l.op("Sigmoid", nil, l.beside(l.op("Neg", nil, score), score))
	default:
		l.fail("post_transform %s of one score is not understood", kind)
		return nil
	}
}
