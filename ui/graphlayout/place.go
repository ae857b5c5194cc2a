package graphlayout

import (
	"math"
	"slices"
)

// placeAcross gives every vertex its coordinate across the flow. Four extreme layouts, each aligning vertices with their
// neighbours above or below and packing them to the left or right, are computed; the narrowest is the measure to which the
// others are shifted, and each vertex goes midway between the two middle ones of its four coordinates.
//
// Other than Brandes and Köpf, a vertex does not simply follow the median of its neighbours: the neighbour on the longest
// run of adjacent boxes comes first, so that the trunk of a network stays straight and its residuals bend.
func (w *work) placeAcross() {
	a := w.newAligner()
	var four [4][]float64
	for i := range four {
		if w.stopped() {
			return
		}
		a.orient(i&1 == 1, i&2 == 2)
		a.align()
		four[i] = a.compact()
	}
	var lo, hi [4]float64
	narrowest := 0
	for i, xs := range four {
		lo[i], hi[i] = w.extent(xs)
		if hi[i]-lo[i] < hi[narrowest]-lo[narrowest] {
			narrowest = i
		}
	}
	w.x = make([]float64, len(w.layerOf))
	for v := range w.x {
		var c [4]float64
		for i, xs := range four {
			c[i] = xs[v] + lo[narrowest] - lo[i]
			if i&2 == 2 {
				c[i] = xs[v] + hi[narrowest] - hi[i]
			}
		}
		slices.Sort(c[:])
		w.x[v] = (c[1] + c[2]) / 2
	}
}

// extent is the range that the boxes cover when their centres lie at xs.
func (w *work) extent(xs []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for v, x := range xs {
		half := w.across(int32(v)) / 2
		lo, hi = min(lo, x-half), max(hi, x+half)
	}
	return lo, hi
}

// aligner computes one of the four layouts after another.
type aligner struct {
	w        *work
	up, down adjacency // neighbours from left to right
	bestUp   []int32   // per vertex: the greatest weight of an edge to the layer above …
	bestDown []int32   // … and below
	manyUp   []bool    // more than one edge has it
	manyDown []bool
	above    []int32 // nodes on the longest run of adjacent boxes that ends at a node …
	below    []int32 // … and that starts there

	fromBelow, fromRight bool
	rows                 [][]int32 // in the order of this layout's sweep
	pos                  []int32
	root                 []int32 // the first vertex of each vertex's block
	next                 []int32 // the next vertex of the block, or -1
}

const innerWeight = math.MaxInt32

func (w *work) newAligner() *aligner {
	vertices := len(w.layerOf)
	a := &aligner{w: w, pos: make([]int32, vertices), root: make([]int32, vertices), next: make([]int32, vertices)}
	// Edges in the order of their upper ends give upper neighbours in order, and the other way round.
	a.up = w.sorted(&w.down)
	a.down = w.sorted(&w.up)

	a.above, a.below = make([]int32, w.n), make([]int32, w.n)
	byLayer := w.byLayer()
	for _, v := range byLayer {
		if int(v) < w.n {
			for _, u := range a.up.of(v) {
				if int(u) < w.n {
					a.above[v] = max(a.above[v], a.above[u]+1)
				}
			}
		}
	}
	for i := len(byLayer) - 1; i >= 0; i-- {
		if v := byLayer[i]; int(v) < w.n {
			for _, t := range a.down.of(v) {
				if int(t) < w.n {
					a.below[v] = max(a.below[v], a.below[t]+1)
				}
			}
		}
	}
	a.bestUp, a.manyUp = make([]int32, vertices), make([]bool, vertices)
	a.bestDown, a.manyDown = make([]int32, vertices), make([]bool, vertices)
	for v := range int32(vertices) {
		a.bestUp[v], a.manyUp[v] = best(a.up.of(v), func(u int32) int32 { return a.weight(u, v) })
		a.bestDown[v], a.manyDown[v] = best(a.down.of(v), func(t int32) int32 { return a.weight(v, t) })
	}
	return a
}

// sorted turns the lists of side round: for each neighbour the vertices that have it, from left to right.
func (w *work) sorted(side *adjacency) adjacency {
	keys := make([]int32, 0, len(side.list))
	vals := make([]int32, 0, len(side.list))
	for _, row := range w.rows {
		for _, v := range row {
			for _, t := range side.of(v) {
				keys = append(keys, t)
				vals = append(vals, v)
			}
		}
	}
	return newAdjacency(len(w.layerOf), keys, vals)
}

// weight says how much the edge from u down to v wants to be straight.
func (a *aligner) weight(u, v int32) int32 {
	n := int32(a.w.n)
	switch {
	case u >= n && v >= n:
		return innerWeight
	case u >= n || v >= n:
		return 0
	}
	return 1 + a.above[u] + a.below[v]
}

func best(near []int32, weight func(int32) int32) (top int32, many bool) {
	top = -1
	for _, u := range near {
		switch wt := weight(u); {
		case wt > top:
			top, many = wt, false
		case wt == top:
			many = true
		}
	}
	return top, many
}

// orient prepares the rows for a sweep from below instead of from above, from the right instead of from the left.
func (a *aligner) orient(fromBelow, fromRight bool) {
	a.fromBelow, a.fromRight = fromBelow, fromRight
	a.rows = make([][]int32, len(a.w.rows))
	for l, row := range a.w.rows {
		if fromRight {
			row = slices.Clone(row)
			slices.Reverse(row)
		}
		for i, v := range row {
			a.pos[v] = int32(i)
		}
		if fromBelow {
			l = len(a.rows) - 1 - l
		}
		a.rows[l] = row
	}
	for v := range a.root {
		a.root[v] = int32(v)
		a.next[v] = -1
	}
}

// align joins vertices of neighbouring rows into blocks that will have one coordinate. Edges that want it most on both of
// their ends go first; no two joins of one pair of rows cross.
func (a *aligner) align() {
	var partner, ceiling []int32
	for r := 1; r < len(a.rows); r++ {
		row := a.rows[r]
		before := a.rows[r-1]
		partner = grow(partner, len(row), -1)
		ceiling = grow(ceiling, len(row)+1, int32(len(before)))
		bound := int32(-1)
		for i, v := range row {
			if u := a.strong(v); u >= 0 && a.pos[u] > bound {
				bound = a.pos[u]
				partner[i] = u
			}
		}
		for i := len(row) - 1; i >= 0; i-- {
			ceiling[i] = ceiling[i+1]
			if partner[i] >= 0 {
				ceiling[i] = a.pos[partner[i]]
			}
		}
		bound = -1
		for i, v := range row {
			u := partner[i]
			if u < 0 {
				u = a.free(v, bound, ceiling[i])
			}
			if u >= 0 {
				bound = a.pos[u]
				a.next[u] = v
				a.root[v] = a.root[u]
			}
		}
	}
}

func grow(s []int32, n int, fill int32) []int32 {
	if cap(s) < n {
		s = make([]int32, n)
	}
	s = s[:n]
	for i := range s {
		s[i] = fill
	}
	return s
}

func (a *aligner) neighbours(v int32) []int32 {
	if a.fromBelow {
		return a.down.of(v)
	}
	return a.up.of(v)
}

func (a *aligner) weightBetween(v, u int32) int32 {
	if a.fromBelow {
		return a.weight(v, u)
	}
	return a.weight(u, v)
}

// strong is the neighbour in the row before to which v and which to v is the only best, or -1.
func (a *aligner) strong(v int32) int32 {
	mine, tie, theirs, theirTie := a.bestUp, a.manyUp, a.bestDown, a.manyDown
	if a.fromBelow {
		mine, tie, theirs, theirTie = theirs, theirTie, mine, tie
	}
	if mine[v] <= 0 || tie[v] {
		return -1
	}
	for _, u := range a.neighbours(v) {
		if a.weightBetween(v, u) == mine[v] {
			if theirs[u] == mine[v] && !theirTie[u] {
				return u
			}
			return -1
		}
	}
	return -1
}

// free is the neighbour between the positions bound and ceiling, both exclusive, that v follows best, or -1: the median of
// those with the greatest weight, the left or right one of two depending on the sweep.
func (a *aligner) free(v, bound, ceiling int32) int32 {
	top, count := int32(-1), 0
	for _, u := range a.neighbours(v) {
		switch wt := a.weightBetween(v, u); {
		case wt > top:
			top, count = wt, 1
		case wt == top:
			count++
		}
	}
	if count == 0 {
		return -1
	}
	tries := [2]int{(count - 1) / 2, count / 2}
	if a.fromRight {
		tries[0], tries[1] = tries[1], tries[0]
	}
	for _, want := range tries {
		i := 0
		for _, u := range a.neighbours(v) {
			if a.weightBetween(v, u) != top {
				continue
			}
			if i == want {
				if a.pos[u] > bound && a.pos[u] < ceiling && a.next[u] < 0 {
					return u
				}
				break
			}
			i++
		}
	}
	return -1
}
