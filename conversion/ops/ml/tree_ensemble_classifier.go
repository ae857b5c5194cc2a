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
		if n == 2 && len(ids) > 0 {
			return l.twoClasses(labels, ids)
		}
		trees := l.trees("class_weights", "class_treeids", "class_nodeids", "class_ids", n)
		scores := l.op(domain+"TreeEnsembleRegressor", trees, l.rows(0))
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

// twoClasses reads a classifier whose leaves all count for one class: the second
// one, whichever number they give it.
func (l *lowering) twoClasses(labels *tensor.Tensor, ids []int64) []*ir.Value {
	id := slices.Min(ids)
	if id != slices.Max(ids) || id < 0 || id > 1 {
		l.fail("two classes with leaves for each of them are not supported: runtimes do not agree on the label")
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
