package ml

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// The numbers of nodes_modes, aggregate_function and post_transform.
const (
	modeMember = 6

	aggregateAverage, aggregateSum, aggregateMin, aggregateMax = 0, 1, 2, 3
)

// forest is a set of decision trees, checked so that no walk leaves its lists.
type forest struct {
	modes    []int64
	splits   []float64
	features []int64
	next     [2][]int64 // by side: where a comparison that fails, or holds, leads
	leaf     [2][]int64 // by side: whether that is a leaf
	missing  []int64
	sets     []map[float64]bool // of member nodes
	leaves   [][]vote
	roots    []int64

	width, aggregate, columns int
}

// vote is what a leaf counts for one target.
type vote struct {
	target int64
	weight float64
}

func newForest(n *ir.Node, columns int) (*forest, error) {
	f := &forest{
		features: n.Ints("nodes_featureids"), missing: n.Ints("nodes_missing_value_tracks_true"), roots: n.Ints("tree_roots"), columns: columns,
	}
	f.next = [2][]int64{n.Ints("nodes_falsenodeids"), n.Ints("nodes_truenodeids")}
	f.leaf = [2][]int64{n.Ints("nodes_falseleafs"), n.Ints("nodes_trueleafs")}
	modes, splits, weights := n.Tensor("nodes_modes"), n.Tensor("nodes_splits"), n.Tensor("leaf_weights")
	for _, t := range []*tensor.Tensor{modes, splits, weights} {
		if t == nil || !t.DType().IsReal() {
			return nil, fmt.Errorf("lacks modes, splits or weights")
		}
	}
	var err error
	if f.modes, err = modes.Int64s(); err != nil {
		return nil, fmt.Errorf("nodes_modes: %w", err)
	}
	f.splits = splits.Float64s()
	targets, amounts := n.Ints("leaf_targetids"), weights.Float64s()
	if len(targets) != len(amounts) {
		return nil, fmt.Errorf("%d targets for %d leaves", len(targets), len(amounts))
	}
	for i, w := range amounts {
		f.leaves = append(f.leaves, []vote{{targets[i], w}})
	}
	width := n.Int("n_targets", 0)
	if width < 0 || width > 1<<31 || n.Int("post_transform", 0) != 0 {
		return nil, fmt.Errorf("%d targets and post_transform %d are not supported", width, n.Int("post_transform", 0))
	}
	f.width, f.aggregate = int(width), int(n.Int("aggregate_function", aggregateSum))
	if f.aggregate < 0 || f.aggregate > aggregateMax {
		return nil, fmt.Errorf("aggregate_function %d is not known", f.aggregate)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, f.readSets(n.Tensor("membership_values"))
}

// check makes sure that no walk leaves the lists.
func (f *forest) check() error {
	count := len(f.modes)
	for _, l := range [][]int64{f.features, f.next[0], f.next[1], f.leaf[0], f.leaf[1]} {
		if len(l) != count {
			return fmt.Errorf("lists of nodes differ in length: %d and %d", len(l), count)
		}
	}
	if len(f.splits) != count || len(f.missing) != 0 && len(f.missing) != count {
		return fmt.Errorf("lists of nodes differ in length")
	}
	inside := func(i int64, n int) bool { return i >= 0 && i < int64(n) }
	for i := range f.modes {
		for side := range 2 {
			limit := count
			if f.leaf[side][i] != 0 {
				limit = len(f.leaves)
			}
			if !inside(f.next[side][i], limit) {
				return fmt.Errorf("node %d leads to %d of %d", i, f.next[side][i], limit)
			}
		}
		if !inside(f.features[i], f.columns) || f.modes[i] < 0 || f.modes[i] > modeMember {
			return fmt.Errorf("node %d compares feature %d of %d by mode %d", i, f.features[i], f.columns, f.modes[i])
		}
	}
	for _, votes := range f.leaves {
		for _, v := range votes {
			if !inside(v.target, f.width) {
				return fmt.Errorf("a leaf counts for target %d of %d", v.target, f.width)
			}
		}
	}
	for _, r := range f.roots {
		if !inside(r, count) {
			return fmt.Errorf("a root is node %d of %d", r, count)
		}
	}
	return nil
}

// readSets gives the nodes that test membership their sets, which stand one after
// the other in the order of a walk through the trees, each ended by NaN.
func (f *forest) readSets(values *tensor.Tensor) error {
	f.sets = make([]map[float64]bool, len(f.modes))
	var v []float64
	if values != nil {
		if !values.DType().IsFloat() {
			return fmt.Errorf("membership_values are %v", values.DType())
		}
		v = values.Float64s()
	}
	seen := make([]bool, len(f.modes))
	var visit func(i int64) error
	visit = func(i int64) error {
		if seen[i] {
			return nil
		}
		seen[i] = true
		if f.modes[i] == modeMember {
			set := map[float64]bool{}
			for len(v) > 0 && !math.IsNaN(v[0]) {
				set[v[0]] = true
				v = v[1:]
			}
			if len(v) == 0 {
				return fmt.Errorf("membership_values end before the set of node %d", i)
			}
			v = v[1:]
			f.sets[i] = set
		}
		for _, side := range []int{1, 0} {
			if f.leaf[side][i] == 0 {
				if err := visit(f.next[side][i]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, r := range f.roots {
		if f.bare(r) {
			continue
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// bare reports whether the tree at a root is a leaf alone.
func (f *forest) bare(r int64) bool {
	return f.leaf[0][r] != 0 && f.leaf[1][r] != 0 && f.next[0][r] == f.next[1][r]
}

// walk is the leaf that row x reaches from root r.
func (f *forest) walk(x []float64, r int64) (int64, error) {
	for range f.modes {
		side := 0
		if f.holds(int(r), x[f.features[r]]) {
			side = 1
		}
		leaf := f.leaf[side][r] != 0
		if r = f.next[side][r]; leaf {
			return r, nil
		}
	}
	return 0, fmt.Errorf("a tree has a cycle")
}

func (f *forest) holds(i int, x float64) bool {
	if math.IsNaN(x) && len(f.missing) > 0 && f.missing[i] != 0 {
		return true
	}
	s := f.splits[i]
	switch f.modes[i] {
	case 0:
		return x <= s
	case 1:
		return x < s
	case 2:
		return x >= s
	case 3:
		return x > s
	case 4:
		return x == s
	case 5:
		return x != s
	}
	return f.sets[i][x]
}
