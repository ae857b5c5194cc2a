package layout

import (
	"slices"

	"slipway/conversion/ir"
)

// pair are the two orders in which a value may be stored: in a channels-first
// world and in a channels-last one. At least one of them is the logical order.
// A value that is logically channels-last (a TensorFlow export) has the logical
// order as its second.
type pair [2]Perm

func (p pair) logical() int {
	if p[0].IsIdentity() {
		return 0
	}
	return 1
}

func (p pair) equal(q pair) bool { return p[0].Equal(q[0]) && p[1].Equal(q[1]) }

func (p pair) fixed() bool { return p[0].Equal(p[1]) }

func channelsFirst(rank int) pair { return pair{nil, Last(rank)} }

func channelsLast(rank int) pair { return pair{Last(rank).Inverse(), nil} }

// reshape carries p through a change of shape. It succeeds where the stored
// order keeps together, in order, what the reshape merges or splits.
func (p pair) reshape(in, out ir.Shape) (pair, bool) {
	groups, ok := matchAxes(in, out)
	if !ok {
		return pair{}, false
	}
	var q pair
	for l := range q {
		o, ok := regroup(p[l].Full(len(in)), groups)
		if !ok {
			return pair{}, false
		}
		q[l] = o.norm()
	}
	for _, c := range []pair{channelsFirst(len(out)), channelsLast(len(out)), {}} {
		if SameBytes(out, q[0], c[0]) && SameBytes(out, q[1], c[1]) {
			return c, true
		}
	}
	return q, len(out) > 2 && !q.fixed() && (q[0] == nil || q[1] == nil)
}

// group says that input axes in, taken together, are output axes out.
type group struct{ in, out []int }

// matchAxes splits a reshape into the finest groups of consecutive axes with
// equal products.
func matchAxes(in, out ir.Shape) ([]group, bool) {
	var g []group
	i, j := 0, 0
	one := func(s ir.Shape, k int) bool { return k < len(s) && s[k].Is(1) }
	for i < len(in) || j < len(out) {
		switch {
		case one(in, i) && !one(out, j):
			g = append(g, group{in: []int{i}})
			i++
			continue
		case one(out, j) && !one(in, i):
			g = append(g, group{out: []int{j}})
			j++
			continue
		case i == len(in) || j == len(out):
			return nil, false
		}
		cur := group{[]int{i}, []int{j}}
		pi, pj := in[i], out[j]
		i, j = i+1, j+1
		for !pi.Equal(pj) {
			growIn := i < len(in)
			if a, ok := pi.Int(); ok {
				if b, ok := pj.Int(); ok {
					growIn = a < b
				}
			} else if pj.IsStatic() || j < len(out) && pi.Equal(pj.Mul(out[j])) {
				growIn = false
			}
			switch {
			case growIn && i < len(in):
				pi = pi.Mul(in[i])
				cur.in = append(cur.in, i)
				i++
			case !growIn && j < len(out):
				pj = pj.Mul(out[j])
				cur.out = append(cur.out, j)
				j++
			default:
				return nil, false
			}
		}
		g = append(g, cur)
	}
	return g, true
}

// regroup maps a stored order of input axes to one of output axes.
func regroup(p Perm, groups []group) (Perm, bool) {
	start := map[int]int{} // first input axis -> group
	for k, g := range groups {
		if len(g.in) > 0 {
			start[g.in[0]] = k
		}
	}
	out := Perm{}
	emit := func(k int) {
		out = append(out, groups[k].out...)
		for k++; k < len(groups) && len(groups[k].in) == 0; k++ {
			out = append(out, groups[k].out...)
		}
	}
	for k := 0; k < len(groups) && len(groups[k].in) == 0; k++ {
		out = append(out, groups[k].out...)
	}
	for k := 0; k < len(p); {
		g, ok := start[p[k]]
		if !ok {
			return nil, false
		}
		n := len(groups[g].in)
		if k+n > len(p) || !slices.Equal([]int(p[k:k+n]), groups[g].in) {
			return nil, false
		}
		emit(g)
		k += n
	}
	return out, true
}

// transpose carries p through a Transpose by t: the orders in which the result
// would have the operand's bytes.
func (p pair) transpose(t Perm) pair {
	inv := t.Inverse()
	var q pair
	for l := range q {
		o := make(Perm, len(t))
		for k := range o {
			o[k] = inv[p[l].At(k)]
		}
		q[l] = o.norm()
	}
	return q
}

// withinBlock reports whether t moves only axes that lie next to each other in
// every order of p: the second half of a channel shuffle.
func (p pair) withinBlock(t Perm) bool {
	lo, hi := -1, -1
	for i, a := range t {
		if i != a {
			if lo < 0 {
				lo = i
			}
			hi = i
		}
	}
	if lo < 0 {
		return false
	}
	for l := range p {
		at := p[l].Axis(lo)
		for a := lo; a <= hi; a++ {
			if p[l].Axis(a) != at+a-lo {
				return false
			}
		}
	}
	return true
}
