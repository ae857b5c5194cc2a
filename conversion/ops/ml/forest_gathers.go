package ml

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// comparisons are the operators of node modes that one operator spells.
var comparisons = map[int64]string{0: "LessOrEqual", 1: "Less", 2: "GreaterOrEqual", 3: "Greater", 4: "Equal"}

// asGathers writes the trees as tables that all rows and trees walk at once, one
// level a step: the place of each row in each tree is an index [N,trees] into
// lists of nodes, in which a leaf leads to itself. base is added to the targets
// in the end, nil for none.
func (f *forest) asGathers(b *op.Builder, base []float64) ([]*ir.Value, error) {
	x := b.In(0)
	t, err := f.table(x.DType)
	if err != nil {
		return nil, err
	}
	ints := func(v []int64, shape ...int) *ir.Value { return b.Const(tensor.Of(v, shape...)) }
	features, splits, missing := ints(t.features, len(t.features)), b.Const(t.splits), (*ir.Value)(nil)
	next := [2]*ir.Value{ints(t.next[0], len(t.next[0])), ints(t.next[1], len(t.next[1]))}
	if t.missing != nil {
		missing = b.Const(tensor.Of(t.missing, len(t.missing)))
	}
	at := ints(t.roots, 1, len(t.roots))
	first := ints(pickInts(t.features, t.roots), len(t.roots))
	gather := func(table, at *ir.Value) *ir.Value { return b.Op("Gather", ir.Attrs{"axis": int64(0)}, table, at) }
	for level := range t.depth {
		var v *ir.Value
		if level == 0 {
			v = b.Op("Gather", ir.Attrs{"axis": int64(1)}, x, first)
		} else {
			v = b.Op("GatherElements", ir.Attrs{"axis": int64(1)}, x, gather(features, at))
		}
		holds := b.Op(t.compare, nil, v, gather(splits, at))
		if missing != nil {
			lost := b.Op("And", nil, b.Op("IsNaN", nil, v), gather(missing, at))
			holds = b.Op("Or", nil, holds, lost)
		}
		at = b.Op("Where", nil, holds, gather(next[1], at), gather(next[0], at))
	}
	if t.depth == 0 { // the rows still have to count
		zero := b.Op("Mul", nil, b.Op("Shape", nil, x), b.Ints(1, 0))
		rows := b.Op("Add", nil, zero, b.Ints(0, int64(len(t.roots))))
		at = b.Op("Expand", nil, at, rows)
	}
	votes := b.Op("Gather", ir.Attrs{"axis": int64(0)}, b.Const(t.votes), at) // [N,trees,targets]
	reduce := map[int]string{aggregateMin: "ReduceMin", aggregateMax: "ReduceMax"}[f.aggregate]
	if reduce == "" {
		reduce = "ReduceSum"
	}
	y := b.Op(reduce, ir.Attrs{"keepdims": int64(0)}, votes, b.Ints(1))
	if base != nil {
		c, err := tensor.FromFloat64s(x.DType, base, len(base))
		if err != nil {
			return nil, err
		}
		y = b.Op("Add", nil, y, b.Const(c))
	}
	return []*ir.Value{y}, nil
}

// table is a forest as lists over all nodes and, after them, all leaves.
type table struct {
	features []int64
	splits   *tensor.Tensor
	missing  []bool // nil where no node asks for missing values
	next     [2][]int64
	votes    *tensor.Tensor // [nodes and leaves, targets]
	roots    []int64
	depth    int
	compare  string
}

func (f *forest) table(d tensor.DType) (*table, error) {
	no := func(format string, args ...any) error {
		return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), op.ErrNoDecomposition)
	}
	if len(f.roots) == 0 {
		return nil, no("no trees")
	}
	t := &table{}
	inner, all := len(f.modes), len(f.modes)+len(f.leaves)
	t.features = make([]int64, all)
	copy(t.features, f.features)
	splits, votes := make([]float64, all), make([]float64, all*f.width)
	copy(splits, f.splits)
	for side := range 2 {
		t.next[side] = make([]int64, all)
		for i := range all {
			switch {
			case i >= inner:
				t.next[side][i] = int64(i)
			case f.leaf[side][i] != 0:
				t.next[side][i] = f.next[side][i] + int64(inner)
			default:
				t.next[side][i] = f.next[side][i]
			}
		}
	}
	for i, m := range f.modes {
		name, ok := comparisons[m]
		if !ok || t.compare != "" && t.compare != name {
			return nil, no("nodes of mode %d beside others", m)
		}
		t.compare = name
		if len(f.missing) > 0 && f.missing[i] != 0 {
			if t.missing == nil {
				t.missing = make([]bool, all)
			}
			t.missing[i] = true
		}
	}
	scale := 1.0
	if f.aggregate == aggregateAverage {
		scale = 1 / float64(len(f.roots))
	}
	for i, leaf := range f.leaves {
		if len(leaf) != f.width && f.aggregate > aggregateSum {
			return nil, no("extremes over targets that not every tree counts for")
		}
		for _, v := range leaf {
			votes[(inner+i)*f.width+int(v.target)] += v.weight * scale
		}
	}
	var err error
	if t.splits, err = tensor.FromFloat64s(d, splits, all); err != nil {
		return nil, err
	}
	if t.votes, err = tensor.FromFloat64s(d, votes, all, f.width); err != nil {
		return nil, err
	}
	known := map[int64]int{}
	for _, r := range f.roots {
		depth, err := f.depth(r, known)
		if err != nil {
			return nil, err
		}
		if f.bare(r) {
			r, depth = f.next[0][r]+int64(inner), 0
		}
		t.roots, t.depth = append(t.roots, r), max(t.depth, depth)
	}
	return t, nil
}

// depth is the number of comparisons on the longest way from node i; known holds
// what was found before, and 0 for nodes on the way here.
func (f *forest) depth(i int64, known map[int64]int) (int, error) {
	if d, ok := known[i]; ok {
		if d == 0 {
			return 0, fmt.Errorf("a tree has a cycle")
		}
		return d, nil
	}
	known[i] = 0
	deepest := 0
	for side := range 2 {
		if f.leaf[side][i] == 0 {
			d, err := f.depth(f.next[side][i], known)
			if err != nil {
				return 0, err
			}
			deepest = max(deepest, d)
		}
	}
	known[i] = deepest + 1
	return deepest + 1, nil
}

func pickInts(v, at []int64) []int64 {
	out := make([]int64, len(at))
	for i, k := range at {
		out[i] = v[k]
	}
	return out
}
