package randomgraph

import (
	"maps"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// shrinkTries bounds how often a case is tried while it is made small.
const shrinkTries = 600

// Shrink makes a case for which k fails as small as it can while k still fails,
// and returns it with k's error; the error is nil where k does not fail for c.
func Shrink(reg *op.Registry, c *Case, k Check) (*Case, error) {
	s := &shrinker{reg: reg, check: k, best: c, err: k.Try(reg, c)}
	if s.err == nil {
		return c, nil
	}
	for changed := true; changed && s.tries < shrinkTries; {
		changed = s.outputs() || s.nodes() || s.constants() || s.options() || s.sizes() || s.elements()
	}
	return s.best, s.err
}

type shrinker struct {
	reg   *op.Registry
	check Check
	best  *Case
	err   error
	tries int
}

// try takes over the changed case where it still fails.
func (s *shrinker) try(ch change) bool {
	if s.tries++; s.tries > shrinkTries {
		return false
	}
	c, err := s.best.rebuild(s.reg, ch)
	if err != nil || len(c.Graph.Nodes) == 0 {
		return false
	}
	if _, err := c.values(s.reg); err != nil {
		return false
	}
	if err := s.check.Try(s.reg, c); err != nil {
		s.best, s.err = c, err
		return true
	}
	return false
}

// outputs keeps one output.
func (s *shrinker) outputs() bool {
	g := s.best.Graph
	if len(g.Outputs) < 2 {
		return false
	}
	for _, v := range g.Outputs {
		if s.try(change{outputs: []*ir.Value{v}}) {
			return true
		}
	}
	return false
}

// nodes leaves out one node, the first ones first.
func (s *shrinker) nodes() bool {
	g := s.best.Graph
	for _, n := range g.Nodes {
		if len(g.Nodes) > 1 && s.try(change{drop: map[*ir.Node]bool{n: true}}) {
			return true
		}
	}
	// The last node's inputs may do as outputs.
	last := g.Nodes[len(g.Nodes)-1]
	for _, v := range last.Inputs {
		if v != nil && v.Node() != nil && s.try(change{outputs: []*ir.Value{v}}) {
			return true
		}
	}
	return false
}

// constants makes inputs constant.
func (s *shrinker) constants() bool {
	g := s.best.Graph
	for _, v := range g.Inputs {
		if len(g.Inputs) > 1 && s.try(change{consts: map[*ir.Value]bool{v: true}}) {
			return true
		}
	}
	return false
}

// options leaves out attributes and optional inputs.
func (s *shrinker) options() bool {
	for _, n := range s.best.Graph.Nodes {
		for _, name := range n.Attrs.Keys() {
			a := maps.Clone(n.Attrs)
			delete(a, name)
			if s.try(change{attrs: map[*ir.Node]ir.Attrs{n: a}}) {
				return true
			}
		}
		d := s.reg.Get(n.Op)
		for i, v := range n.Inputs {
			if v != nil && d != nil && i < len(d.Inputs) && d.Inputs[i].Optional && s.try(change{omit: map[ir.Use]bool{{Node: n, Index: i}: true}}) {
				return true
			}
		}
	}
	return false
}

// leaves lists inputs and constants with their elements.
func (s *shrinker) leaves() map[*ir.Value]*tensor.Tensor {
	m := map[*ir.Value]*tensor.Tensor{}
	for _, v := range s.best.Graph.Inputs {
		m[v] = s.best.Feeds[v.Name]
	}
	for _, v := range s.best.Graph.Consts() {
		m[v] = v.Const
	}
	return m
}

// sizes cuts every axis of one size, of all leaves at once or of one leaf.
func (s *shrinker) sizes() bool {
	all := s.leaves()
	seen := map[int]bool{}
	for _, t := range all {
		for _, n := range t.Shape() {
			seen[n] = n > 1
		}
	}
	order := append(slices.Clone(s.best.Graph.Inputs), s.best.Graph.Consts()...)
	for _, n := range slices.Sorted(maps.Keys(seen)) {
		if !seen[n] {
			continue
		}
		for _, to := range slices.Compact([]int{1, n / 2, n - 1}) {
			every := map[*ir.Value]*tensor.Tensor{}
			for _, v := range order {
				if t := cutSize(all[v], n, to, -1); t != nil {
					every[v] = t
				}
			}
			if s.try(change{leaves: every}) {
				return true
			}
			for _, v := range order {
				for axis := range all[v].Rank() {
					if t := cutSize(all[v], n, to, axis); t != nil && s.try(change{leaves: map[*ir.Value]*tensor.Tensor{v: t}}) {
						return true
					}
				}
			}
		}
	}
	return false
}

// cutSize keeps the first elements along the axes of size n (or along the one
// axis, where it is not negative); nil where there are none.
func cutSize(t *tensor.Tensor, n, to, axis int) *tensor.Tensor {
	if !t.DType().IsReal() {
		return nil
	}
	shape := slices.Clone(t.Shape())
	changed := false
	for i := range shape {
		if shape[i] == n && (axis < 0 || i == axis) {
			shape[i], changed = to, true
		}
	}
	if !changed {
		return nil
	}
	count, err := tensor.NumElements(shape)
	if err != nil {
		return nil
	}
	from, v := t.Float64s(), make([]float64, count)
	at := make([]int, len(shape))
	for i := range v {
		k := 0
		for a, x := range at {
			k = k*t.Shape()[a] + x
		}
		v[i] = from[k]
		for a := len(at) - 1; a >= 0; a-- {
			if at[a]++; at[a] < shape[a] {
				break
			}
			at[a] = 0
		}
	}
	out, err := tensor.FromFloat64s(t.DType(), v, shape...)
	if err != nil {
		return nil
	}
	return out
}

// elements makes the elements of leaves plain: all 1, all 0, or whole numbers.
func (s *shrinker) elements() bool {
	all := s.leaves()
	for _, v := range append(slices.Clone(s.best.Graph.Inputs), s.best.Graph.Consts()...) {
		t := all[v]
		if !t.DType().IsReal() || t.Len() == 0 {
			continue
		}
		was := t.Float64s()
		for _, f := range []func(int, float64) float64{
			func(int, float64) float64 { return 1 },
			func(int, float64) float64 { return 0 },
			func(i int, _ float64) float64 { return float64(i) },
			func(_ int, x float64) float64 { return math.Round(x) },
		} {
			x := make([]float64, len(was))
			for i := range was {
				x[i] = f(i, was[i])
			}
			if slices.Equal(x, was) {
				break
			}
			plain, err := tensor.FromFloat64s(t.DType(), x, t.Shape()...)
			if err == nil && s.try(change{leaves: map[*ir.Value]*tensor.Tensor{v: plain}}) {
				return true
			}
		}
	}
	return false
}
