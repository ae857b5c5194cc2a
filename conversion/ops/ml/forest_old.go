package ml

import (
	"fmt"

	"slipway/conversion/ir"
)

// oldModes are the comparisons of nodes_modes as the newer form numbers them.
var oldModes = map[string]int64{"BRANCH_LEQ": 0, "BRANCH_LT": 1, "BRANCH_GTE": 2, "BRANCH_GT": 3, "BRANCH_EQ": 4, "BRANCH_NEQ": 5, "LEAF": -1}

var oldAggregates = map[string]int{"AVERAGE": aggregateAverage, "SUM": aggregateSum, "MIN": aggregateMin, "MAX": aggregateMax}

// oldForest reads a node whose lists name trees and nodes by numbers.
func oldForest(n *ir.Node, columns int) (*forest, error) {
	trees, ids, modes := n.Ints("nodes_treeids"), n.Ints("nodes_nodeids"), texts(n, "nodes_modes")
	features, splits, missing := n.Ints("nodes_featureids"), n.Floats("nodes_values"), n.Ints("nodes_missing_value_tracks_true")
	next := [2][]int64{n.Ints("nodes_falsenodeids"), n.Ints("nodes_truenodeids")}
	count := len(ids)
	for _, k := range []int{len(trees), len(modes), len(features), len(splits), len(next[0]), len(next[1])} {
		if k != count || len(missing) != 0 && len(missing) != count {
			return nil, fmt.Errorf("lists of nodes differ in length: %d and %d", k, count)
		}
	}
	aggregate, ok := oldAggregates[n.Str("aggregate_function", "SUM")]
	width := n.Int("n_targets", 0)
	if base := len(n.Floats("base_values")); !ok || width < 0 || width > 1<<31 || base != 0 && base != int(width) {
		return nil, fmt.Errorf("%s over %d targets with %d base_values is not understood", n.Str("aggregate_function", ""), width, base)
	}
	f := &forest{columns: columns, aggregate: aggregate, width: int(width), sets: make([]map[float64]bool, 0)}
	// A node's place among comparisons or among leaves.
	type name struct{ tree, node int64 }
	places, leaves := map[name]int64{}, map[name]int64{}
	for i := range count {
		k := name{trees[i], ids[i]}
		if _, seen := places[k]; seen || leaves[k] > 0 {
			return nil, fmt.Errorf("tree %d has two nodes %d", k.tree, k.node)
		}
		mode, ok := oldModes[modes[i]]
		switch {
		case !ok:
			return nil, fmt.Errorf("mode %q of a node is not known", modes[i])
		case mode < 0:
			leaves[k] = int64(len(leaves) + 1)
		default:
			places[k] = int64(len(places))
		}
	}
	child := map[name]bool{}
	for i := range count {
		if modes[i] == "LEAF" {
			continue
		}
		f.modes = append(f.modes, oldModes[modes[i]])
		f.splits, f.features = append(f.splits, splits[i]), append(f.features, features[i])
		if len(missing) > 0 {
			f.missing = append(f.missing, missing[i])
		}
		for side := range 2 {
			k := name{trees[i], next[side][i]}
			child[k] = true
			place, inner := places[k]
			leaf := leaves[k]
			switch {
			case inner:
				f.next[side], f.leaf[side] = append(f.next[side], place), append(f.leaf[side], 0)
			case leaf > 0:
				f.next[side], f.leaf[side] = append(f.next[side], leaf-1), append(f.leaf[side], 1)
			default:
				return nil, fmt.Errorf("node %d of tree %d leads to node %d, which is not there", ids[i], trees[i], k.node)
			}
		}
	}
	f.leaves = make([][]vote, len(leaves))
	rooted := map[int64]bool{}
	for i := range count {
		k := name{trees[i], ids[i]}
		if child[k] {
			continue
		}
		if rooted[k.tree] {
			return nil, fmt.Errorf("tree %d has two roots", k.tree)
		}
		rooted[k.tree] = true
		if place, inner := places[k]; inner {
			f.roots = append(f.roots, place)
			continue
		}
		// A leaf alone is a comparison that leads there either way.
		f.roots = append(f.roots, int64(len(f.modes)))
		f.modes, f.splits, f.features = append(f.modes, 0), append(f.splits, 0), append(f.features, 0)
		if len(missing) > 0 {
			f.missing = append(f.missing, 0)
		}
		for side := range 2 {
			f.next[side], f.leaf[side] = append(f.next[side], leaves[k]-1), append(f.leaf[side], 1)
		}
	}
	if err := f.readVotes(n, func(tree, node int64) int64 { return leaves[name{tree, node}] - 1 }); err != nil {
		return nil, err
	}
	f.sets = make([]map[float64]bool, len(f.modes))
	return f, f.check()
}

// readVotes gives the leaves what they count; leaf finds one, below 0 where there
// is none of that name.
func (f *forest) readVotes(n *ir.Node, leaf func(tree, node int64) int64) error {
	trees, nodes, targets, weights := n.Ints("target_treeids"), n.Ints("target_nodeids"), n.Ints("target_ids"), n.Floats("target_weights")
	for _, k := range []int{len(trees), len(nodes), len(targets)} {
		if k != len(weights) {
			return fmt.Errorf("lists of leaves differ in length: %d and %d", k, len(weights))
		}
	}
	for i, w := range weights {
		at := leaf(trees[i], nodes[i])
		if at < 0 {
			return fmt.Errorf("node %d of tree %d counts and is no leaf", nodes[i], trees[i])
		}
		f.leaves[at] = append(f.leaves[at], vote{targets[i], w})
	}
	return nil
}

func texts(n *ir.Node, name string) []string {
	v, _ := n.Attrs[name].([]string)
	return v
}
