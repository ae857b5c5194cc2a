package ml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// The cases in which runtimes give scores and labels that the specification does
// not tell are those of ONNX Runtime.
var treeEnsembleClassifierDef = lowered("TreeEnsembleClassifier", "Scores classes by the leaves that each row reaches in decision trees and gives the best one's label.",
	op.In("X"), op.In("Y", "Z"),
	func(l *lowering) []*ir.Value {
		labels := l.classes("classlabels_int64s")
		n := labels.Len()
		ids, _ := l.Ints("class_ids")
		if n == 2 && len(ids) > 0 && slices.Min(ids) == slices.Max(ids) {
			return l.oneScored(labels, ids[0])
		}
		trees := l.trees("class_weights", "class_treeids", "class_nodeids", "class_ids", n)
		scores := l.op(domain+"TreeEnsembleRegressor", trees, l.rows(0))
		if n == 2 && l.err == nil && !(l.opposed(trees) && zeroOne(labels)) {
			l.fail("two classes with leaves for each of them, which are not each other's opposite, or with labels other than 0 and 1 or strings, are not supported: runtimes do not agree on the label")
		}
		if l.err == nil && trees["base_values"] == nil && !l.allVoted(trees, n) {
			l.fail("rows that no leaf gives a score for some class are not supported")
		}
		return []*ir.Value{l.pick(labels, l.best(scores)), l.after(scores)}
	})

// allVoted reports whether a class that no leaf counts for in some row cannot be
// the best one there, which runtimes do not count among those to choose from.
func (l *lowering) allVoted(trees ir.Attrs, classes int) bool {
	weights := trees["target_weights"].([]float64)
	if len(weights) > 0 && slices.Min(weights) > 0 {
		return true
	}
	n := &ir.Node{Attrs: trees}
	f, err := oldForest(n, 1<<31-1)
	if err != nil {
		l.fail("%w", err)
		return false
	}
	for class := range classes {
		voted := slices.ContainsFunc(f.roots, func(root int64) bool {
			return !slices.ContainsFunc(f.under(root), func(leaf int64) bool {
				return !slices.ContainsFunc(f.leaves[leaf], func(v vote) bool { return v.target == int64(class) })
			})
		})
		if !voted {
			return false
		}
	}
	return true
}

// under lists the leaves that a walk from node i may reach.
func (f *forest) under(i int64) []int64 {
	var out []int64
	been := map[int64]bool{}
	todo := []int64{i}
	for len(todo) > 0 {
		i, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if been[i] {
			continue
		}
		been[i] = true
		for side := range 2 {
			if k := f.next[side][i]; f.leaf[side][i] != 0 {
				out = append(out, k)
			} else {
				todo = append(todo, k)
			}
		}
	}
	return out
}

// opposed reports whether each leaf gives two classes scores that add up to zero. It
// is the same then to ask which is larger, and whether the second is above zero, as
// ONNX Runtime does.
func (l *lowering) opposed(trees ir.Attrs) bool {
	if trees["base_values"] != nil {
		return false
	}
	type leaf [2]int64
	scores := map[leaf][2][]float64{}
	in, at, ids := trees["target_treeids"].([]int64), trees["target_nodeids"].([]int64), trees["target_ids"].([]int64)
	for i, w := range trees["target_weights"].([]float64) {
		s := scores[leaf{in[i], at[i]}]
		s[ids[i]] = append(s[ids[i]], w)
		scores[leaf{in[i], at[i]}] = s
	}
	for _, s := range scores {
		if len(s[0]) != 1 || len(s[1]) != 1 || s[0][0] != -s[1][0] {
			return false
		}
	}
	return true
}

// zeroOne reports whether ONNX Runtime gives these labels of two classes that are
// both scored: it gives 0 and 1 for any integers.
func zeroOne(labels *tensor.Tensor) bool {
	return labels.DType() == tensor.String || slices.Equal(labels.Float64s(), []float64{0, 1})
}

// oneScored reads a classifier of two classes whose leaves all count for one: the
// second, whichever number they give it.
func (l *lowering) oneScored(labels *tensor.Tensor, id int64) []*ir.Value {
	if id < 0 || id > 1 {
		l.fail("there is no class %d of two", id)
		return nil
	}
	base := l.numbersOf("base_values")
	if len(base) > 1 || id == 1 && len(base) > 0 {
		l.fail("%d base_values for two classes of which one is scored are not supported", len(base))
		return nil
	}
	trees := l.trees("class_weights", "class_treeids", "class_nodeids", "", 1)
	if l.err != nil {
		return nil
	}
	score := l.op(domain+"TreeEnsembleRegressor", trees, l.rows(0))
	positive := slices.Min(trees["target_weights"].([]float64)) >= 0
	limit := 0.0
	if positive {
		limit = 0.5
	}
	label := l.pick(labels, l.above(score, limit))
	if id == 1 {
		return []*ir.Value{label, l.after(l.beside(l.op("Sub", nil, score, score), score))}
	}
	if l.Str("post_transform", "NONE") == "LOGISTIC" {
		return []*ir.Value{label, l.op("Sigmoid", nil, l.beside(l.op("Neg", nil, score), score))}
	}
	if kind := l.Str("post_transform", "NONE"); kind != "NONE" && kind != "SOFTMAX" {
		l.fail("post_transform %s of one score is not understood", kind)
	}
	other := l.op("Neg", nil, score)
	if positive {
		other = l.op("Sub", nil, l.number(1), score)
	}
	return []*ir.Value{label, l.beside(other, score)}
}
