package index

import (
	"cmp"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var uniqueDef = &op.Def{
	Name: "Unique", Doc: "Finds the distinct elements, or slices along an axis, with first places, places of all and counts.", Family: family,
	Attrs:   []op.Attr{{Name: "axis", Kind: op.Int}, integer("sorted", 1)},
	Inputs:  op.In("X"),
	Outputs: op.Opt(op.In("Y"), "indices", "inverse_indices", "counts"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		found := kernel.Fresh(c.Node.Out(0), 0)
		all := kernel.Fresh(c.Out(2), 0)
		out := ir.Shape{found}
		if c.Has("axis") {
			out = nil
			if s != nil {
				axis, err := kernel.Axis(c.Int("axis", 0), len(s))
				if err != nil {
					return err
				}
				out = s.Clone()
				out[axis], all = found, s[axis]
			}
		} else if n, ok := s.NumElements(); ok {
			all = n
		}
		c.Set(0, c.InType(0), out)
		c.Set(1, tensor.Int64, ir.Shape{found})
		c.Set(2, tensor.Int64, ir.Shape{all})
		c.Set(3, tensor.Int64, ir.Shape{found})
		return nil
	},
	Eval: evalUnique,
}

func evalUnique(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	axis := 0
	if !c.Has("axis") {
		if x, err = x.Reshape(x.Len()); err != nil {
			return err
		}
	} else if axis, err = kernel.Axis(c.Int("axis", 0), x.Rank()); err != nil {
		return err
	}
	size, inner := x.Shape()[axis], kernel.Product(x.Shape()[axis+1:])
	outer := kernel.Product(x.Shape()[:axis])
	less, err := comparer(x)
	if err != nil {
		return err
	}
	compare := func(a, b int) int {
		for o := range outer {
			for k := range inner {
				if r := less((o*size+a)*inner+k, (o*size+b)*inner+k); r != 0 {
					return r
				}
			}
		}
		return 0
	}
	order := make([]int, size)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, compare)
	type group struct{ first, count int }
	var groups []group
	of := make([]int, size)
	for i, at := range order {
		if i == 0 || compare(order[i-1], at) != 0 {
			groups = append(groups, group{first: at})
		}
		groups[len(groups)-1].count++
		of[at] = len(groups) - 1
	}
	rank := make([]int, len(groups)) // place in the output by group
	for i := range rank {
		rank[i] = i
	}
	if c.Int("sorted", 1) == 0 {
		byFirst := slices.Clone(rank)
		slices.SortFunc(byFirst, func(a, b int) int { return groups[a].first - groups[b].first })
		for place, g := range byFirst {
			rank[g] = place
		}
	}
	first, counts := make([]int64, len(groups)), make([]int64, len(groups))
	for g, p := range rank {
		first[p], counts[p] = int64(groups[g].first), int64(groups[g].count)
	}
	inverse := make([]int64, size)
	for i, g := range of {
		inverse[i] = int64(rank[g])
	}
	shape := slices.Clone(x.Shape())
	shape[axis] = len(groups)
	n := len(groups)
	if c.Out[0], err = kernel.Take(x, shape, max(inner, 1), func(i int) int {
		return (i/n*size + int(first[i%n])) * inner
	}); err != nil {
		return err
	}
	for i, v := range [][]int64{first, inverse, counts} {
		if i+1 < len(c.Out) {
			c.Out[i+1] = tensor.Of(v, len(v))
		}
	}
	return nil
}

// comparer orders elements of t by their positions.
func comparer(t *tensor.Tensor) (func(a, b int) int, error) {
	d := t.DType()
	switch {
	case d == tensor.String:
		v := t.Strings()
		return func(a, b int) int { return cmp.Compare(v[a], v[b]) }, nil
	case d.IsFloat():
		v := t.Float64s()
		return func(a, b int) int { return cmp.Compare(v[a], v[b]) }, nil
	case d == tensor.Uint64:
		v := tensor.View[uint64](t)
		return func(a, b int) int { return cmp.Compare(v[a], v[b]) }, nil
	case d.IsReal():
		v, err := t.Int64s()
		return func(a, b int) int { return cmp.Compare(v[a], v[b]) }, err
	}
	return nil, fmt.Errorf("is not defined for %v", d)
}
