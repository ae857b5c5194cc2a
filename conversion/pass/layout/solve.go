package layout

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
)

// Plan says in which order each tensor is stored and read. Orders are absent
// (nil) where they are the logical one.
type Plan struct {
	// Store is the order in which each value is produced.
	Store map[*ir.Value]Perm
	// Read is the order in which a node reads an operand. A use that is absent
	// and not in AsStored reads the logical order.
	Read map[ir.Use]Perm
	// AsStored marks operands that are read in whatever order they are stored:
	// those of Transpose.
	AsStored map[ir.Use]bool
	// Flat are values of rank 2 whose second axis is a flattened tensor in
	// channels-last order; their only readers are matrix products with constant
	// weights, whose rows must be reordered.
	Flat map[*ir.Value]Flat
	// Moves lists the transpositions that the plan needs, in graph order.
	Moves []Move
	// Bytes is what Moves move; WrappedBytes is what wrapping every bound
	// operator in transpositions would move.
	Bytes, WrappedBytes int64
}

// Flat is the tensor behind a flattened axis: its logical shape without the
// batch, and the stored order of those axes.
type Flat struct {
	Shape []int
	Order Perm
}

// Move is one transposition of a value.
type Move struct {
	Value    *ir.Value
	From, To Perm
	Bytes    int64
	Reason   string
}

// Options of Solve.
type Options struct {
	// InputsLast and OutputsLast store the graph's inputs and outputs of rank 4
	// that are logically channels-first in channels-last order.
	InputsLast, OutputsLast bool
	// Rule overrides what an operator demands; ok false keeps the default.
	Rule func(n *ir.Node) (w Want, ok bool)
	// Avoid marks values that had better not be transposed: their bytes count
	// sixteenfold.
	Avoid func(v *ir.Value) bool
}

// reads is the order in which use u reads v.
func (p *Plan) reads(u ir.Use, v *ir.Value) Perm {
	if p.AsStored[u] {
		return p.Store[v]
	}
	return p.Read[u]
}

// term is a label: a constant or a variable of the cut.
type term struct {
	variable int // network node; 0 where fixed
	label    int
}

type solver struct {
	g      *ir.Graph
	o      Options
	plan   *Plan
	frames map[*ir.Value]bool // true: logically channels-last
	pairs  map[*ir.Value]pair
	supply map[*ir.Value]term
	demand map[ir.Use]term
	flat   map[*ir.Node][]*ir.Value // flattening node -> the chain of values behind it
	vars   map[*ir.Node]int
	net    *network
	side   []bool
}

// Solve decides the orders of all tensors of g, whose shapes must be inferred.
func Solve(g *ir.Graph, o Options) *Plan {
	s := &solver{
		g: g, o: o, net: newNetwork(), frames: map[*ir.Value]bool{}, pairs: map[*ir.Value]pair{},
		supply: map[*ir.Value]term{}, demand: map[ir.Use]term{}, flat: map[*ir.Node][]*ir.Value{}, vars: map[*ir.Node]int{},
		plan: &Plan{Store: map[*ir.Value]Perm{}, Read: map[ir.Use]Perm{}, AsStored: map[ir.Use]bool{}, Flat: map[*ir.Value]Flat{}},
	}
	s.findFrames()
	for _, v := range g.Inputs {
		p := s.fresh(v)
		s.supply[v] = term{label: s.border(v, p, o.InputsLast)}
	}
	for _, n := range g.Nodes {
		s.bind(n)
	}
	for _, v := range g.Values() {
		s.costs(v)
	}
	_, s.side = s.net.minCut()
	s.read()
	return s.plan
}

// fresh gives a value, whose order nothing before it decides, its pair.
func (s *solver) fresh(v *ir.Value) pair {
	p := pair{}
	if r := v.Rank(); r >= 3 {
		p = channelsFirst(r)
		if s.frames[v] {
			p = channelsLast(r)
		}
	}
	s.pairs[v] = p
	return p
}

func (s *solver) border(v *ir.Value, p pair, last bool) int {
	if last && v.Rank() == 4 && p[0].IsIdentity() {
		return 1
	}
	return p.logical()
}

// findFrames tells which values are logically channels-last: those that a
// Transpose brings to channels-first before a bound operator sees them.
func (s *solver) findFrames() {
	const first, last = 1, 2
	f := map[*ir.Value]int{}
	for i := len(s.g.Nodes) - 1; i >= 0; i-- {
		n := s.g.Nodes[i]
		in := n.In(0)
		if in == nil || in.Rank() < 3 {
			continue
		}
		switch {
		case s.want(n) == Bound:
			f[in] = first
		case n.Op == "Transpose":
			if t := Transposition(n); t.Equal(Last(in.Rank()).Inverse()) && f[in] == 0 {
				f[in] = last
			} else if t.Equal(Last(in.Rank())) {
				f[in] = first
			}
		case s.want(n) == Either && !reshaping[n.Op] && n.Out(0) != nil:
			for _, k := range data(n) {
				if v := n.In(k); v != nil && v.Rank() == n.Out(0).Rank() && f[v] == 0 {
					f[v] = f[n.Out(0)]
				}
			}
		}
	}
	for v, k := range f {
		s.frames[v] = k == last
	}
}

func (s *solver) want(n *ir.Node) Want {
	if s.o.Rule != nil {
		if w, ok := s.o.Rule(n); ok {
			return w
		}
	}
	switch {
	case bound[n.Op]:
		return Bound
	case n.Op == "Transpose":
		return Free
	case elementwise[n.Op], axial[n.Op], reducing[n.Op], innermost[n.Op], reshaping[n.Op]:
		return Either
	case n.Op == "Gather" && n.In(1).Rank() == 1 && n.In(0).Rank() >= 3:
		return Either
	case n.Op == "LayerNormalization" && n.In(1).IsConst() && (n.In(2) == nil || n.In(2).IsConst()):
		return Either
	}
	return Logical
}

// costs adds the hyperedge of v: its bytes are moved once where any reader wants
// the order that its producer does not give.
func (s *solver) costs(v *ir.Value) {
	p := s.pairs[v]
	if v.IsConst() || p.fixed() {
		return
	}
	var readers []term
	for _, u := range v.Uses() {
		if t, ok := s.demand[u]; ok && !s.plan.AsStored[u] {
			readers = append(readers, t)
		}
	}
	if s.g.IsOutput(v) {
		readers = append(readers, term{label: s.border(v, p, s.o.OutputsLast)})
	}
	if len(readers) == 0 {
		return
	}
	// A change that moves no bytes still costs an operator, and of plans that
	// move as much the one with fewer operators wins.
	w := int64(1)
	if !SameBytes(v.Shape, p[0], p[1]) {
		w = bytesOf(v)<<6 + 16
		if s.o.Avoid != nil && s.o.Avoid(v) {
			w <<= 4
		}
	}
	from := s.vertex(s.supply[v])
	// The source's side is label 1. toLast is on it as soon as one reader is;
	// toFirst is off it as soon as one reader is.
	toLast, toFirst := s.net.node(), s.net.node()
	s.net.edge(toLast, from, w)
	s.net.edge(from, toFirst, w)
	for _, r := range readers {
		s.net.edge(s.vertex(r), toLast, inf)
		s.net.edge(toFirst, s.vertex(r), inf)
	}
}

func (s *solver) vertex(t term) int {
	switch {
	case t.variable != 0:
		return t.variable
	case t.label == 1:
		return source
	}
	return sink
}

func (s *solver) label(t term) int {
	if t.variable == 0 {
		return t.label
	}
	if s.side[t.variable] {
		return 1
	}
	return 0
}

// bytesOf is the size of v with every unknown dimension taken as 1.
func bytesOf(v *ir.Value) int64 {
	n := int64(1)
	for _, d := range v.Shape {
		if k, ok := d.Int(); ok {
			n *= max(k, 1)
		}
	}
	return max(n*int64(max(v.DType.Bits(), 8))/8, 1)
}

// read turns the cut into the plan.
func (s *solver) read() {
	pl := s.plan
	for v, t := range s.supply {
		if q := s.pairs[v][s.label(t)]; q != nil {
			pl.Store[v] = q
		}
	}
	for u, t := range s.demand {
		v := u.Node.In(u.Index)
		if q := s.pairs[v][s.label(t)]; q != nil && !pl.AsStored[u] {
			pl.Read[u] = q
		}
	}
	for n, chain := range s.flat {
		if s.label(term{variable: s.vars[n]}) == 1 {
			in := n.In(0)
			dims, _ := in.Shape[1:].Ints()
			f := Flat{Shape: dims, Order: pl.Read[ir.Use{Node: n}].without([]int{0})}
			for _, v := range chain {
				pl.Flat[v] = f
			}
		}
	}
	s.moves()
}

func (s *solver) moves() {
	pl := s.plan
	at := make(map[*ir.Node]int, len(s.g.Nodes))
	for i, n := range s.g.Nodes {
		at[n] = i
	}
	for _, v := range s.g.Values() {
		if v.IsConst() {
			continue
		}
		stored := pl.Store[v]
		seen := []Perm{stored}
		move := func(to Perm, reason string) {
			if slices.ContainsFunc(seen, func(p Perm) bool { return p.Equal(to) }) || SameBytes(v.Shape, stored, to) {
				return
			}
			seen = append(seen, to)
			pl.Moves = append(pl.Moves, Move{v, stored, to, bytesOf(v), reason})
			pl.Bytes += bytesOf(v)
		}
		uses := slices.Clone(v.Uses())
		slices.SortStableFunc(uses, func(a, b ir.Use) int { return at[a.Node] - at[b.Node] })
		for _, u := range uses {
			to := pl.reads(u, v)
			move(to, s.reason(v, u, to))
		}
		if s.g.IsOutput(v) {
			p := s.pairs[v]
			move(p[s.border(v, p, s.o.OutputsLast)], fmt.Sprintf("output %q keeps its order", v.Name))
		}
	}
	for _, n := range s.g.Nodes {
		if s.want(n) == Bound {
			for _, v := range []*ir.Value{n.In(0), n.Out(0)} {
				if v != nil && !SameBytes(v.Shape, nil, Last(v.Rank())) {
					pl.WrappedBytes += bytesOf(v)
				}
			}
		}
	}
}

func (s *solver) reason(v *ir.Value, u ir.Use, to Perm) string {
	what := "reads the model's own order"
	if !to.IsIdentity() {
		what = "takes it channels-last"
	}
	if v.Node() == nil {
		return fmt.Sprintf("input %q keeps its order, %s %q %s", v.Name, u.Node.Op, u.Node.Name, what)
	}
	return fmt.Sprintf("%s %q %s", u.Node.Op, u.Node.Name, what)
}
