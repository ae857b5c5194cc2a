package ml

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

func intsAttr(name string) op.Attr { return op.Attr{Name: name, Kind: op.Ints, Required: true} }

var treeEnsembleDef = &op.Def{
	Name: domain + "TreeEnsemble", Doc: "Adds up, or takes the extremes of, the leaves that each row reaches in decision trees.", Family: family,
	Attrs: []op.Attr{
		{Name: "aggregate_function", Kind: op.Int, Default: int64(1)},
		{Name: "post_transform", Kind: op.Int, Default: int64(0)},
		{Name: "n_targets", Kind: op.Int},
		{Name: "membership_values", Kind: op.Tensor},
		{Name: "nodes_missing_value_tracks_true", Kind: op.Ints},
		{Name: "nodes_hitrates", Kind: op.Tensor},
		{Name: "leaf_weights", Kind: op.Tensor, Required: true},
		{Name: "nodes_modes", Kind: op.Tensor, Required: true},
		{Name: "nodes_splits", Kind: op.Tensor, Required: true},
		intsAttr("leaf_targetids"), intsAttr("nodes_falseleafs"), intsAttr("nodes_falsenodeids"), intsAttr("nodes_featureids"),
		intsAttr("nodes_trueleafs"), intsAttr("nodes_truenodeids"), intsAttr("tree_roots"),
	},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			s = kernel.FreshShape(c.Out(0), 2)
		}
		n := c.Int("n_targets", 0)
		if len(s) != 2 || n < 0 || n > 1<<31 {
			return fmt.Errorf("input %v with %d targets is not [N,F]", s, n)
		}
		c.Set(0, c.InType(0), ir.Shape{s[0], ir.Static(n)})
		return nil
	},
	Eval: evalTrees,
	Tol:  op.Accumulating,
}

// The numbers of nodes_modes, aggregate_function and post_transform.
const (
	modeMember = 6

	aggregateAverage, aggregateSum, aggregateMin, aggregateMax = 0, 1, 2, 3
)

// forest is the node's attributes, checked.
type forest struct {
	modes                     []int64
	splits                    []float64
	features                  []int64
	next                      [2][]int64 // false, true
	leaf                      [2][]int64
	missing                   []int64
	sets                      []map[float64]bool // of member nodes
	weights                   []float64
	targets                   []int64
	roots                     []int64
	width, aggregate, columns int
}

func newForest(n *ir.Node, columns int) (*forest, error) {
	f := &forest{
		features: n.Ints("nodes_featureids"), missing: n.Ints("nodes_missing_value_tracks_true"), targets: n.Ints("leaf_targetids"),
		roots: n.Ints("tree_roots"), columns: columns,
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
	f.splits, f.weights = splits.Float64s(), weights.Float64s()
	width := n.Int("n_targets", 0)
	if width < 0 || width > 1<<31 || n.Int("post_transform", 0) != 0 {
		return nil, fmt.Errorf("%d targets and post_transform %d are not supported", width, n.Int("post_transform", 0))
	}
	f.width, f.aggregate = int(width), int(n.Int("aggregate_function", aggregateSum))
	if f.aggregate < 0 || f.aggregate > aggregateMax {
		return nil, fmt.Errorf("aggregate_function %d is not known", f.aggregate)
	}
	return f, f.check(n)
}

// check makes sure that no walk leaves the lists.
func (f *forest) check(n *ir.Node) error {
	count := len(f.modes)
	for _, l := range [][]int64{f.features, f.next[0], f.next[1], f.leaf[0], f.leaf[1]} {
		if len(l) != count {
			return fmt.Errorf("lists of nodes differ in length: %d and %d", len(l), count)
		}
	}
	if len(f.splits) != count || len(f.missing) != 0 && len(f.missing) != count || len(f.targets) != len(f.weights) {
		return fmt.Errorf("lists of nodes or leaves differ in length")
	}
	inside := func(i int64, n int) bool { return i >= 0 && i < int64(n) }
	for i := range f.modes {
		for side := range 2 {
			limit := count
			if f.leaf[side][i] != 0 {
				limit = len(f.weights)
			}
			if !inside(f.next[side][i], limit) {
				return fmt.Errorf("node %d leads to %d of %d", i, f.next[side][i], limit)
			}
		}
		if !inside(f.features[i], f.columns) || f.modes[i] < 0 || f.modes[i] > modeMember {
			return fmt.Errorf("node %d compares feature %d of %d by mode %d", i, f.features[i], f.columns, f.modes[i])
		}
	}
	for _, t := range f.targets {
		if !inside(t, f.width) {
			return fmt.Errorf("a leaf counts for target %d of %d", t, f.width)
		}
	}
	for _, r := range f.roots {
		if !inside(r, count) {
			return fmt.Errorf("a root is node %d of %d", r, count)
		}
	}
	return f.readSets(n.Tensor("membership_values"))
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

func evalTrees(c *op.EvalCtx) error {
	x := c.Arg(0)
	if x == nil || !x.DType().IsFloat() || x.Rank() != 2 {
		return fmt.Errorf("wants rows of features")
	}
	rows, columns := x.Shape()[0], x.Shape()[1]
	f, err := newForest(c.Node, columns)
	if err != nil {
		return err
	}
	if err := kernel.CheckSize(tensor.Float64, []int{rows, f.width}); err != nil {
		return err
	}
	v, out := x.Float64s(), make([]float64, rows*f.width)
	start := map[int]float64{aggregateMin: math.MaxFloat32, aggregateMax: -math.MaxFloat32}[f.aggregate]
	if x.DType() == tensor.Float64 && start != 0 {
		start = math.Copysign(math.MaxFloat64, start)
	}
	for r := range rows {
		row, sum := v[r*columns:][:columns], out[r*f.width:][:f.width]
		for i := range sum {
			sum[i] = start
		}
		for _, root := range f.roots {
			leaf, err := f.walk(row, root)
			if err != nil {
				return err
			}
			w, at := f.weights[leaf], &sum[f.targets[leaf]]
			switch f.aggregate {
			case aggregateAverage:
				*at += w / float64(len(f.roots))
			case aggregateSum:
				*at += w
			case aggregateMin:
				*at = min(*at, w)
			case aggregateMax:
				*at = max(*at, w)
			}
		}
	}
	c.Out[0], err = tensor.FromFloat64s(x.DType(), out, rows, f.width)
	return err
}
