package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Each two classes have a score, and each row the class for which most of them
// are, whichever the probabilities say.
var svmClassifierDef = lowered("SVMClassifier", "Scores each two classes by how like each row is to their support vectors and gives the label that wins most often.",
	op.In("X"), op.In("Y", "Z"),
	func(l *lowering) []*ir.Value {
		labels := l.classes("classlabels_ints")
		x, w, rho := l.rows(0), l.list("coefficients"), l.list("rho")
		vectors := l.list("support_vectors")
		per, _ := l.Ints("vectors_per_class")
		n := labels.Len()
		pairs := n * (n - 1) / 2
		switch {
		case len(per) == 0:
			l.fail("support vectors of no class are not supported")
		case len(per) != n || len(rho) < pairs:
			l.fail("%d groups of vectors and %d rho do not fit %d classes", len(per), len(rho), n)
		}
		if l.err != nil {
			return nil
		}
		weights, ok := pairWeights(per, w)
		if !ok {
			l.fail("%d coefficients do not fit %v vectors", len(w), per)
			return nil
		}
		scores := l.linear(l.kernel(x, vectors, len(weights[0])), flat(weights), rho[:pairs])
		positive := l.op("Greater", nil, scores, l.number(0))
		winner := l.pick(labels, l.best(l.votes(positive, n)))
		a, b := l.list("prob_a"), l.list("prob_b")
		if len(a)+len(b) > 0 {
			scores = l.probabilities(scores, a, b, n)
		}
		if n > 2 {
			return []*ir.Value{winner, l.after(scores)}
		}
		if kind := l.Str("post_transform", "NONE"); kind != "NONE" {
			l.fail("post_transform %s of one score is not understood", kind)
		}
		if len(a) > 0 {
			return []*ir.Value{winner, scores}
		}
		return []*ir.Value{winner, l.beside(l.op("Neg", nil, scores), scores)}
	})

// pairWeights spreads coefficients [classes-1,vectors] into one line of weights of
// all vectors for each two classes: those of the first class stand in the line of
// the second one, which leaves itself out, and those of the second in the first's.
func pairWeights(per []int64, w []float64) ([][]float64, bool) {
	start := []int{0}
	for _, n := range per {
		if n < 0 || n > int64(len(w)) {
			return nil, false
		}
		start = append(start, start[len(start)-1]+int(n))
	}
	total := start[len(per)]
	if total == 0 || len(w) < (len(per)-1)*total {
		return nil, false
	}
	var lines [][]float64
	for i := range per {
		for j := i + 1; j < len(per); j++ {
			line := make([]float64, total)
			copy(line[start[i]:start[i+1]], w[(j-1)*total+start[i]:])
			copy(line[start[j]:start[j+1]], w[i*total+start[j]:])
			lines = append(lines, line)
		}
	}
	return lines, len(lines) > 0
}

// votes counts for each class the pairs that it wins: [rows,classes].
func (l *lowering) votes(positive *ir.Value, classes int) *ir.Value {
	// A pair that is won moves its vote from the second class to the first.
	var moves []float64
	always := make([]float64, classes)
	for i := range classes {
		for j := i + 1; j < classes; j++ {
			line := make([]float64, classes)
			line[i], line[j] = 1, -1
			always[j]++
			moves = append(moves, line...)
		}
	}
	won := l.cast(tensor.Float32, positive)
	return l.op("Gemm", nil, won, l.numbers(moves, len(moves)/classes, classes), l.numbers(always, classes))
}

func flat(lines [][]float64) []float64 {
	var out []float64
	for _, l := range lines {
		out = append(out, l...)
	}
	return out
}
